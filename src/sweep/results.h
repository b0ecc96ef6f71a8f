// What the runs of a sweep found, together.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sweep/run_state.h"
#include "sweep/sweep_folder.h"

namespace sparcell {

/// A run with its state and, where it is finished, its numbers.
struct RunOutcome {
  Job job;
  RunState state;
  std::optional<double> metric;
  std::vector<std::string> stopped_early;              ///< models that did
  std::vector<std::pair<std::string, double>> values;  ///< MODEL.test.mse, MODEL.parameters...
};

/// The active runs in the order of jobs.csv.
std::vector<RunOutcome> outcomes_of(const SweepFolder& sweep);

/// results.csv: run, state, arm, configuration, seed, parameters, metric, then every number of result.json's
/// models, last metric_key, which says what metric is. Empty fields where a run has none.
void write_results(const SweepFolder& sweep, const std::vector<RunOutcome>& outcomes);

/// Positions of the finished runs with a metric, the best first; equal ones in their order.
std::vector<std::size_t> ranking(const std::vector<RunOutcome>& outcomes, bool smaller_is_better);

}  // namespace sparcell
