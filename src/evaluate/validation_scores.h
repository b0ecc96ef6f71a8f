// What runs may be chosen by: metrics of validation cells, so that test cells stay for the judgement.
#pragma once

#include <optional>

#include "evaluate/registry.h"
#include "evaluate/test_cells.h"
#include "evaluate/validation_distance.h"

namespace sparcell {

/// `mse` and `iwelbo` as on test cells, and `energy_distance` as ValidationDistance has it, which
/// train.monitor may go by. None of them depends on how a model weighs the terms of its loss.
class ValidationScores {
 public:
  /// Of the metrics that the options want. Everything must outlive this.
  ValidationScores(Context& context, const Dataset& data, const Split& split, const EvaluateOptions& options,
                   std::uint64_t seed, Log& log);

  /// Nothing, with a warning, of a model that gives a value that is not finite; without an energy distance
  /// where there are fewer validation cells than that takes.
  Metrics of(const JudgedModel& model);

 private:
  Metrics measured(const JudgedModel& model);
  std::optional<double> energy_distance(const JudgedModel& model);

  Context& context_;
  const Dataset& data_;
  const Split& split_;
  const EvaluateOptions& options_;
  std::uint64_t seed_;
  Log& log_;
  WantedMetrics wanted_;
  std::optional<ValidationDistance> distance_;  ///< begun with the first model that generates
};

}  // namespace sparcell
