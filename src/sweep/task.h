// One run of a sweep, in this process.
#pragma once

#include <string>
#include <vector>

#include "sweep/sweep_folder.h"

namespace sparcell {

/// Runs the job, or goes on with it where it was stopped; does nothing where it is finished. Throws as `run`
/// and `resume` do; why a run failed is also found in its folder.
/// `pause_after` epochs of training it is interrupted; 0: it is not.
void run_job(const SweepFolder& sweep, const Job& job, const std::vector<std::string>& arguments,
             std::int64_t pause_after = 0);

/// The job of a task number. Throws UsageError where there is none.
Job job_of_task(const SweepFolder& sweep, std::int64_t task);

}  // namespace sparcell
