// Several runs side by side, as one result.
#pragma once

#include <vector>

#include "report/run_folder.h"

namespace sparcell {

/// Models as `<run>/<model>`, baselines once where all runs agree and as `<run>/<baseline>` where not. Runs
/// of one experiment whose config.yaml differs in the seed only (report/settings.h) come first, as one model
/// `<name>/<model>` each: `test` are means, `spread` standard deviations over `seeds` runs, and its verdicts
/// have intervals of Student's t over the runs' differences. Where a run's folder or other such runs are
/// called the same, means are `<name> (mean)`, `<name> (mean 1)`... A seed that is there twice has no means,
/// with a warning. A metric that runs define differently is kept of the first, with a warning, and is in no
/// mean. A run is called by its folder, by its path where folders share a name. `judged_cells` says whether
/// all have the same test cells. Needs a run.
RunFolder merge_runs(const std::vector<RunFolder>& runs);

/// How the runs are called, each differently: a folder that is given twice has a number behind it.
std::vector<std::string> run_labels(const std::vector<RunFolder>& runs);

}  // namespace sparcell
