// Whether a sweep goes on by itself.
#pragma once

#include <vector>

#include "sweep/results.h"
#include "sweep/sweep_folder.h"

namespace sparcell {

/// Whether anything will begin the runs that have not begun. `not_known`: they were submitted to a Slurm that
/// this machine does not have.
enum class Launching { ended, going_on, not_known };

/// By the lock of the folder and, of a sweep on Slurm, the queue. One that gives no answer may hold jobs.
Launching launching_of(const SweepFolder& sweep);

/// What a launcher that has ended leaves: runs that wait for nothing are as interrupted as those that it
/// stopped.
void end_waiting(std::vector<RunOutcome>& outcomes);

}  // namespace sparcell
