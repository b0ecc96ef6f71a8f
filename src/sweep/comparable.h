// Whether the metric of a sweep means the same in all of its runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sweep/sweep_folder.h"

namespace sparcell {

/// Looks at all runs of a file for what changes the metric itself: a validation loss with another weight of
/// the KL term is another quantity, and an error over other genes too.
class Comparable {
 public:
  /// `halving`: the metric is that of unfinished trainings.
  Comparable(const Experiment& reference, const Metric& metric, bool halving);

  /// `overrides` make the run of the reference.
  void add(const Experiment& run, const std::vector<std::string>& overrides);

  /// A sentence for each thing in which the runs differ so. Throws UsageError where that is the loss and
  /// nobody chose it (`chosen`: sweep.metric.name is set).
  std::vector<std::string> warnings(bool chosen) const;

 private:
  void note(const std::string& key, const std::string& value) { ++values_[key][value]; }
  std::vector<std::string> keys_of_data() const;
  std::vector<std::string> keys_of_metric() const;

  Metric metric_;
  std::string model_;
  ModelType type_ = ModelType::autoencoder;
  bool halving_;
  std::int64_t runs_ = 0;
  std::map<std::string, std::map<std::string, std::int64_t>> values_;  ///< of each key: how many runs have it
};

}  // namespace sparcell
