// A model as its first training step finds it, for commands that take steps without a run.
#pragma once

#include <string>

#include "experiment/trained_model.h"

namespace sparcell {

/// Built over the training cells with their conditions, drawn, begun from the cells as its options say, with
/// the epochs that `train.steps` makes.
struct BegunModel {
  /// `prepared` must outlive it. Throws as tables of conditions and models do.
  BegunModel(Context& context, const std::string& name, const ModelOptions& given, const Prepared& prepared,
             std::uint64_t seed, Log& log);
  BegunModel(const BegunModel&) = delete;  // the model refers to the options
  BegunModel& operator=(const BegunModel&) = delete;

  const ModelOptions options;
  TrainedModel model;
};

}  // namespace sparcell
