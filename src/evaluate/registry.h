// Which metrics are wanted, and values in the registry's order.
#pragma once

#include <string>
#include <vector>

#include "sparcell/evaluate.h"

namespace sparcell {

/// What the metric is where values are normalized counts instead of their logarithms (`normalize.log1p:
/// false`): in the unit of those, under a name of its own.
MetricInfo of_plain_values(MetricInfo metric);

/// The metrics that the options name.
class WantedMetrics {
 public:
  explicit WantedMetrics(const EvaluateOptions& options);

  bool has(const std::string& key) const;
  bool any_of(const std::vector<std::string>& keys) const;
  bool any_of(MetricGroup group) const;
  const MetricInfo& info(const std::string& key) const;
  const std::vector<MetricInfo>& all() const { return wanted_; }

 private:
  std::vector<MetricInfo> wanted_;
};

/// The values of one model or baseline.
class Scores {
 public:
  /// `log` is null where a missing value needs no line.
  Scores(const WantedMetrics& wanted, std::string who, std::int64_t test_cells, Log* log);

  /// Keeps the value if the metric is wanted, has the test cells it needs, and is defined (finite).
  void set(const std::string& key, double value);
  /// In the registry's order.
  Metrics metrics() const;

 private:
  const WantedMetrics& wanted_;
  std::string who_;
  std::int64_t test_cells_;
  Log* log_;
  Metrics values_;
};

}  // namespace sparcell
