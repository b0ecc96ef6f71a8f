// How metrics and baselines are called and grouped where people read them.
#pragma once

#include <string>
#include <vector>

#include "report/run_folder.h"
#include "sparcell/evaluate.h"

namespace sparcell {

struct MetricLabel {
  std::string key;              ///< as in result.json
  std::string label;            ///< as in a paper's table
  std::string group = "other";  ///< which question it answers, as the run's registry says; one table each
  enum class Best { smallest, largest, nearest_one, nearest_half, none } best = Best::none;
  std::string unit;        ///< empty where it has none or the run does not say
  std::string definition;  ///< the versioned name and what it means; empty where the run does not say
};

/// The metrics that any model or baseline of the run has, in the order of the run's registry.
std::vector<MetricLabel> metrics_of(const Json& result);

/// The groups of these metrics, in the order of the metrics.
std::vector<std::string> groups_of(const std::vector<MetricLabel>& metrics);

/// What a group's table is called; one that is not known by its own name.
std::string title_of(const std::string& group);

/// Four decimals below 10 and fewer above, so that a column lines up.
std::string format_number(double value);

/// The value of `entry.test.metric`, NaN where there is none.
double test_value(const Json& entry, const std::string& metric);

/// The same of `entry.spread`: the standard deviation over seeds.
double spread_value(const Json& entry, const std::string& metric);

}  // namespace sparcell
