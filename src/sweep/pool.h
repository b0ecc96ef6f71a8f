// The local launcher: a process for each run, as many at once as there are slots.
#pragma once

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

/// Runs the jobs. One that fails does not stop the others; a process that is killed is started again, at most
/// three times. SIGINT, SIGTERM and SIGUSR1 are passed on: running jobs save themselves, no other begins.
/// When this process dies its jobs save themselves too. Jobs that another process runs are waited for. With
/// `pause_after` a job is done when it has taken so many epochs.
PoolOutcome run_pool(const SweepFolder& sweep, const std::vector<Job>& jobs, std::size_t slots,
                     std::int64_t pause_after, Log& log);

/// As many runs as fit beside each other when each has its threads: at least one.
std::size_t default_slots(std::int64_t threads_of_run);

}  // namespace sparcell
