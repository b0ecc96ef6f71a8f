#include "experiment/model_checkpoints.h"

#include <algorithm>
#include <filesystem>

namespace sparcell {

namespace fs = std::filesystem;

CheckpointFiles checkpoint_files(const RunPaths& paths, const std::string& model) {
  return {paths.checkpoint(model, "last"), paths.checkpoint(model, "previous"),
          paths.checkpoint(model, "best")};
}

std::optional<Checkpoint> newest_checkpoint(const CheckpointFiles& files, RunLog* log) {
  if (fs::exists(files.last)) {
    try {
      return read_checkpoint(files.last);
    } catch (const OtherVersion&) {
      throw;
    } catch (const DataError& damaged) {
      if (!fs::exists(files.previous)) {
        throw DataError(
            "{}; there is none before it: remove it, and resume trains this model from its beginning",
            damaged.what());
      }
      if (log == nullptr) return read_checkpoint(files.previous);
      log->remark(
          fmt::format("{}; going on from the checkpoint before it, {}", damaged.what(), files.previous));
    }
  }
  if (!fs::exists(files.previous)) return std::nullopt;
  return read_checkpoint(files.previous);
}

void check_checkpoint(const RunPaths& paths, const std::string& model, const ModelOptions& options,
                      const std::string& lineage) {
  const CheckpointFiles files = checkpoint_files(paths, model);
  const std::optional<Checkpoint> checkpoint = newest_checkpoint(files, nullptr);
  if (!checkpoint) return;
  if (checkpoint->identity.lineage != lineage) {
    throw DataError(
        "{} is of another run: the data file, its preparation or the models are not those of its training",
        files.last);
  }
  const TrainOptions& train = options.train;
  if (checkpoint->state.epoch <= train.epochs) return;
  throw UsageError("train.{}: {} is trained for {} epochs already",
                   train.steps > 0 ? fmt::format("steps={}, which are {} epochs", train.steps, train.epochs)
                                   : fmt::format("epochs={}", train.epochs),
                   model, checkpoint->state.epoch);
}

void take_weights(const std::string& run, TrainedModel& model, const std::vector<std::string>& genes) {
  const RunPaths paths{run};
  const std::string file = paths.checkpoint(model.name(), "last");
  const std::vector<std::string> theirs = read_preprocessing(paths.preprocessing()).genes;
  const auto [ours, other] = std::mismatch(genes.begin(), genes.end(), theirs.begin(), theirs.end());
  if (ours != genes.end() || other != theirs.end()) {
    throw DataError("train.init_from: the genes of {} are others: {} where this run has {}", run,
                    other == theirs.end() ? "no more" : *other, ours == genes.end() ? "no more" : *ours);
  }
  TensorSnapshot weights = read_checkpoint(file).tensors;
  weights.first_moments.clear();
  weights.second_moments.clear();
  try {
    restore(model.trainable(), weights);
  } catch (const DataError& error) {
    throw DataError("train.init_from: {}: {}", file, error.what());
  }
}

}  // namespace sparcell
