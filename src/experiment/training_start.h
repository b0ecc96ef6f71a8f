// What models take from their training cells before the first step, computed from the prepared data.
#pragma once

#include "experiment/condition_table.h"
#include "model/training_start.h"

namespace sparcell {

/// Only the parts that the options ask for. Reads no test cell; validation cells choose the shrinkage of
/// pca_shrunk. `conditions` are those of the model's cells.
TrainingStart training_start(Context& context, const ModelOptions& options, const Prepared& prepared,
                             const ConditionTable& conditions, Log& log);

/// The options with the epochs that `train.steps`, where given, makes of the training cells.
ModelOptions with_epochs(const ModelOptions& options, std::int64_t training_cells);

}  // namespace sparcell
