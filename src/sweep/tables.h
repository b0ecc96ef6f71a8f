// What a terminal shows of sweeps.
#pragma once

#include <string>
#include <vector>

#include "sweep/configurations.h"
#include "sweep/differences.h"
#include "sweep/results.h"

namespace sparcell {

/// Rows as columns of equal width, the first row as header; numbers stand right.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

/// How many runs stand where, then a line each: run, state, parameters, epoch, metric, time left.
std::string status_table(const SweepSettings& settings, const std::vector<RunOutcome>& outcomes);

/// The best runs with their parameters.
std::string best_runs_table(const SweepSettings& settings, const std::vector<RunOutcome>& outcomes);

/// The best configurations by their mean over seeds, and the incomplete ones, which have no rank.
std::string best_configurations_table(const SweepSettings& settings,
                                      const std::vector<Configuration>& configurations);

/// Arm by arm the difference in the metric to the reference, with interval and number of seeds.
std::string differences_table(const SweepSettings& settings,
                              const std::vector<PairedDifference>& differences);

/// "ae 12/50, model 1 of 3", "evaluate"; empty where nothing is known.
std::string progress_text(const Progress& at);

/// "40 s", "40 s of ae" where other models come after it; empty where it is not known.
std::string time_left_text(const RunState& state);

/// "1 run", "3 runs".
std::string runs_text(std::size_t count);

}  // namespace sparcell
