// What data decide about the layers of models that are told conditions: how many genes are selected, and what
// training cells have conditions of.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "sparcell/core/log.h"
#include "sweep/estimate.h"

namespace sparcell {

/// Shapes of the data of many runs: those that differ in nothing before the models are prepared once.
class DataShapes {
 public:
  /// Reads and prepares the data where a model is told conditions or has dispersions by perturbation; else
  /// the outline is enough. Throws as the run would.
  DataShape of(const Experiment& experiment, const DataOutline& outline, Log& log);

 private:
  const Prepared& prepared(const Experiment& experiment, Log& log);

  Log silent_{[](Log::Level, const std::string&) {}};
  std::map<std::string, Prepared> prepared_;  ///< without values
};

}  // namespace sparcell
