// How metrics and baselines are called and grouped where people read them.
#pragma once

#include <string>
#include <vector>

#include "report/run_folder.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Which question a metric answers; one table each.
enum class MetricTable { reconstruction, generation, expression, latent, other };

struct MetricLabel {
  std::string key;    ///< as in result.json
  std::string label;  ///< as in a paper's table
  MetricTable group = MetricTable::other;
  enum class Best { smallest, largest, nearest_one, nearest_half, none } best = Best::none;
  std::string unit;        ///< empty where it has none or the run does not say
  std::string definition;  ///< the versioned name and what it means; empty where the run does not say
};

/// The metrics that any model or baseline of the run has, in the order of the run's registry.
std::vector<MetricLabel> metrics_of(const Json& result);

/// What a group's table is called.
std::string title_of(MetricTable group);

/// Four decimals below 10 and fewer above, so that a column lines up.
std::string format_number(double value);

/// The value of `entry.test.metric`, NaN where there is none.
double test_value(const Json& entry, const std::string& metric);

/// The same of `entry.spread`: the standard deviation over seeds.
double spread_value(const Json& entry, const std::string& metric);

}  // namespace sparcell
