// Sweeps and ablations as the command line asks for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/log.h"
#include "sweep/submission.h"

namespace sparcell {

/// Submits the sweep, runs what is not finished and writes the results. Returns the folder. Throws an Error
/// with exit code 1 where a run failed, Interrupted where it was stopped before its end; both after
/// everything else is done and written.
std::string run_sweep(const SweepRequest& request, Log& log);

/// Goes on with a sweep as it was submitted. `slots` 0: as then.
void resume_sweep(const std::string& folder, std::int64_t slots, Log& log);

/// The runs of `count` tasks from `first` on, in this process or, if several, side by side in processes of
/// their own. Tasks that are finished or do not exist are passed over.
void run_tasks(const std::string& folder, std::int64_t first, std::int64_t count,
               const std::vector<std::string>& arguments, Log& log);

/// results.csv and, for an ablation, differences.csv; returns what a terminal shows of them.
std::string collect(const SweepFolder& sweep);

/// The runs with parameters, number of model parameters, memory and estimated time, and what is done already.
/// Writes nothing.
std::string dry_run(const SweepRequest& request, Log& log);

/// State of a sweep, or of a single run, as text.
std::string status_text(const std::string& folder);
/// Whether nothing is left that could change by itself.
bool at_rest(const std::string& folder);

/// Asks the sweep's launcher to stop: running runs save themselves.
void cancel_sweep(const std::string& folder, Log& log);

}  // namespace sparcell
