// The Slurm launcher: job arrays whose tasks run the lines of jobs.csv, and a job after them that collects.
//
// Everything is submitted as scripts in the sweep's folder `slurm/`, which a user can read, edit and submit
// again by hand. Where runs stand is read from their folders; job ids are only kept to cancel them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/log.h"
#include "sweep/sweep_folder.h"

namespace sparcell {

/// A script of an array: tasks `offset` + index * runs_per_task and the runs_per_task - 1 after it.
struct ArrayScript {
  std::int64_t offset = 0;
  std::vector<std::int64_t> indices;  ///< ascending
  std::string text;
};

/// The scripts that run these tasks. `max_array_size`: indices stay below it.
std::vector<ArrayScript> array_scripts(const SweepFolder& sweep, const std::vector<Job>& jobs,
                                       const SlurmOptions& options, std::int64_t pause_after,
                                       std::int64_t max_array_size);

/// The script of the job that collects results when the arrays have ended.
std::string collect_script(const SweepFolder& sweep, const SlurmOptions& options, std::int64_t pause_after);

/// "0-3,7".
std::string index_ranges(const std::vector<std::int64_t>& indices);

/// Submits what is not finished, and the collecting job. Throws UsageError with what Slurm says where it is
/// missing or refuses; nothing stays submitted then.
void submit_to_slurm(const SweepFolder& sweep, const std::vector<Job>& jobs, std::int64_t pause_after,
                     Log& log);

/// In a task of an array that ran into its time limit (SIGUSR1): asks Slurm to queue it again, unless that
/// was done max_num_timeout times. Returns whether it was asked.
bool requeue_this_task(const SweepFolder& sweep, Log& log);

/// What Slurm says of the jobs that were submitted for the sweep. A controller that is busy or restarts gives
/// no answer, which is not the answer that no jobs are left.
struct SlurmQueue {
  bool has_jobs = false;
  std::string no_answer{};  ///< in Slurm's words; empty where it answered
  bool is_here = true;    ///< false: jobs were submitted, but this machine has no Slurm to ask
};

/// Of a sweep without jobs, of jobs that Slurm has forgotten, and on a machine without Slurm: no jobs.
SlurmQueue slurm_queue(const SweepFolder& sweep);

/// Cancels the jobs that were submitted for the sweep.
void cancel_slurm_jobs(const SweepFolder& sweep, Log& log);

}  // namespace sparcell
