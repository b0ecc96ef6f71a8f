// The number that the runs of a sweep are compared by.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "sweep/sweep_folder.h"

namespace sparcell {

/// The metric that the options mean, by default one of `model`. Throws UsageError for one that no run of the
/// experiment reports, with the nearest that it does.
Metric choose_metric(const SweepMetric& options, const Experiment& experiment, const std::string& model);

/// What the experiment's models report: MODEL.loss.PART, MODEL.validation.METRIC and MODEL.test.METRIC.
std::vector<std::string> reported_metrics(const Experiment& experiment);

/// Its value in a result.json; nothing where the run has none.
std::optional<double> metric_value(const nlohmann::ordered_json& result, const std::string& name);

/// By the metric's registry; losses are better when smaller.
bool smaller_is_better(const std::string& name);

}  // namespace sparcell
