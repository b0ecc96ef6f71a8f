// From an experiment's file to the runs that a sweep folder lists.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "experiment/run_lock.h"
#include "report/settings.h"
#include "sparcell/core/log.h"
#include "sweep/data_files.h"
#include "sweep/sweep_folder.h"

namespace sparcell {

enum class SweepKind { sweep, ablation };

/// What the command line asks for.
struct SweepRequest {
  SweepKind kind = SweepKind::sweep;
  std::string file;
  std::vector<std::string> overrides;
  std::string out;  ///< the sweep's folder; empty: runs/<name>/sweep or runs/<name>/ablation
  std::string launcher = "local";
  std::int64_t slots = 0;

  std::filesystem::path folder(const std::string& name) const;
};

/// A run with all that is known before it runs.
struct ExpandedRun {
  PlannedRun planned;
  Experiment experiment;
  std::string hash;
  std::vector<std::string> overrides;  ///< that make it of the file's experiment
  Settings settings;                   ///< without what its seed changes
};

/// What the file's runs are compared by. Throws UsageError where they do not report it, or cannot halve by
/// it.
Metric metric_of(const Plan& plan, SweepKind kind);

/// The runs that the file asks for, up to its run cap, which the log tells where it leaves some out.
std::vector<PlannedRun> planned_runs(const Plan& plan, SweepKind kind, Log& log);

/// Keeps the first of runs that are the same experiment, by their hashes, which the log tells.
void keep_different(std::vector<ExpandedRun>& runs, Log& log);

/// Every run of the file, checked and named by its hash. Runs that are the same experiment are kept once.
std::vector<ExpandedRun> expand(const Plan& plan, SweepKind kind, DataFiles& data, Log& log);

/// Why the metric may not compare the runs, a sentence each. Throws UsageError where the default one does
/// not.
std::vector<std::string> doubts_of(const Plan& plan, SweepKind kind, const std::vector<ExpandedRun>& runs);

/// A sweep's folder that this process alone launches.
struct OwnedSweep {
  SweepFolder folder;
  std::unique_ptr<RunLock> lock;

  /// Throws UsageError where another process launches it; `source_hash` tells whether its file is another by
  /// now.
  static OwnedSweep take(SweepFolder folder, const std::string& source_hash = "");
};

/// Writes the folder of a new sweep, or adds to one what its file has gained: jobs keep their task numbers,
/// those that the file no longer has become inactive. Throws UsageError where the folder holds something
/// else.
OwnedSweep submit(const SweepRequest& request, Log& log);

/// The hash of the file's content and the overrides.
std::string source_hash(const std::string& file, const std::vector<std::string>& overrides);

}  // namespace sparcell
