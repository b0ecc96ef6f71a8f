// The checkpoints of a model in a run folder: which one its training goes on from and whether it may; and the
// weights of another run that it begins with.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiment/run_folder.h"
#include "experiment/trained_model.h"
#include "train/checkpoint_writer.h"

namespace sparcell {

CheckpointFiles checkpoint_files(const RunPaths& paths, const std::string& model);

/// The last checkpoint, or the one before it where that is damaged, which the log says. Nothing where there
/// is none.
std::optional<Checkpoint> newest_checkpoint(const CheckpointFiles& files, RunLog* log);

/// Throws DataError where the model's newest checkpoint, if there is one, is damaged or of another lineage,
/// and UsageError where it is of more epochs than `options` have. Changes nothing.
void check_checkpoint(const RunPaths& paths, const std::string& model, const ModelOptions& options,
                      const std::string& lineage);

/// Gives the model the last weights of that of the same name in another run, whose genes must be `genes`.
void take_weights(const std::string& run, TrainedModel& model, const std::vector<std::string>& genes);

}  // namespace sparcell
