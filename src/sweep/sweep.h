// Sweeps and ablations as the command line asks for them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/log.h"
#include "sweep/launching.h"
#include "sweep/submission.h"

namespace sparcell {

/// Submits the sweep, runs what is not finished and writes the results. Returns the folder. Throws an Error
/// with exit code 1 where a run failed, Interrupted where it was stopped before its end; both after
/// everything else is done and written.
std::string run_sweep(const SweepRequest& request, Log& log);

/// Goes on with a sweep as it was submitted. `slots` 0: as then.
void resume_sweep(const std::string& folder, std::int64_t slots, Log& log);

/// Tasks of a sweep that one process is asked to run.
struct TaskRequest {
  std::int64_t first = 0, count = 1;
  std::int64_t pause_after = 0;  ///< epochs; 0: to the end
  std::vector<std::string> arguments;
};

/// One task in this process, several side by side in processes of their own; finished ones are passed over.
/// In a Slurm job that runs out of time the job is queued again.
void run_tasks(const std::string& folder, const TaskRequest& request, Log& log);

/// What the job after an array does: results, and with halving the next rung's jobs.
void collect_and_go_on(const std::string& folder, std::int64_t pause_after, Log& log);

/// results.csv, configurations.csv, report.html, halving.csv of method halving, differences.csv of an
/// ablation; returns what a terminal shows of them. Where launching has `ended`, runs that have not begun are
/// interrupted ones.
std::string collect(const SweepFolder& sweep, Launching launching);

/// The runs with parameters, number of model parameters, memory and estimated time, and what is done already.
/// Writes nothing.
std::string dry_run(const SweepRequest& request, Log& log);

/// State of a sweep, or of a single run, as text.
std::string status_text(const std::string& folder);

/// The same for who looks on.
struct WatchedStatus {
  std::string text;
  bool at_rest = false;  ///< nothing was left, before the text, that could change by itself
};
WatchedStatus watched_status(const std::string& folder);

/// Asks the sweep's launcher to stop: running runs save themselves.
void cancel_sweep(const std::string& folder, Log& log);

}  // namespace sparcell
