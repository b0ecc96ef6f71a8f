// The local launcher: a process for each run, as many at once as there are slots.
#pragma once

#include <string>
#include <vector>

#include "sparcell/core/log.h"
#include "sweep/sweep_folder.h"

namespace sparcell {

struct PoolOutcome {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t interrupted = 0;  ///< or never begun: resumable
  double idle_share = 0;        ///< of the slots' time while runs were waiting
};

/// Where runs are at the same time: places, each for one run.
struct PoolPlaces {
  std::size_t count = 1;
  /// CUDA_VISIBLE_DEVICES of the places' runs, in turn; empty where they see what this process sees.
  std::vector<std::string> gpus;
  std::string text() const;  ///< as in "3 at a time, on 2 GPUs"
};

/// Places for runs whose experiment names `device`, `asked` of them or, where that is 0: a GPU each, or on
/// the CPU as many as have cores for their threads. Each run sees one of the `gpu_count` GPUs that this
/// process sees, of those that `visible` (CUDA_VISIBLE_DEVICES, null where it is not set) lists; with more
/// places than GPUs they are shared. Runs on a GPU with a number, as cuda:1, all go there.
PoolPlaces places_for(const std::string& device, std::int64_t threads_of_run, std::int64_t asked,
                      int gpu_count, const char* visible);
/// With the GPUs that are there.
PoolPlaces places_here(const std::string& device, std::int64_t threads_of_run, std::int64_t asked);

/// Runs the jobs. One that fails does not stop the others; a process that is killed is started again, at most
/// three times. SIGINT, SIGTERM and SIGUSR1 are passed on: running jobs save themselves, no other begins.
/// When this process dies its jobs save themselves too. Jobs that another process runs are waited for. With
/// `pause_after` a job is done when it has taken so many epochs.
PoolOutcome run_pool(const SweepFolder& sweep, const std::vector<Job>& jobs, const PoolPlaces& places,
                     std::int64_t pause_after, Log& log);

}  // namespace sparcell
