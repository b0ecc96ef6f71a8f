// A finished run, opened again.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "experiment/commands.h"
#include "experiment/prepared.h"
#include "experiment/run_folder.h"
#include "experiment/trained_model.h"
#include "sparcell/config.h"

namespace sparcell {

class FinishedRun {
 public:
  /// Throws UsageError where the folder holds no finished run, DataError where its files are damaged.
  explicit FinishedRun(const std::string& folder);

  const Experiment& experiment() const { return experiment_; }
  const Preprocessing& preprocessing() const { return preprocessing_; }
  const RunPaths& paths() const { return paths_; }
  const std::string& config_hash() const { return config_hash_; }

  /// The folder in which it began, from which its paths are meant; empty where it does not say.
  std::string working_folder() const;
  /// The weights that its models started from, as it notes them.
  StartChecksums starts() const;

  /// The name of the model that `choice` means among those of the given types. Throws UsageError where there
  /// is none, or several and none is named.
  std::string choose(const ModelChoice& choice, const std::vector<ModelType>& types) const;
  /// Among those that are able.
  std::string choose(const ModelChoice& choice,
                     const std::function<bool(const ModelOptions&)>& is_able) const;
  /// The sha256 of its data file.
  std::string data_checksum() const;
  /// Whether the run chose best weights for the model.
  bool has_best(const std::string& name) const;
  /// The weights that are meant: the run's own choice where none are asked for, the last ones where it has no
  /// best.
  Weights meant(const std::string& name, std::optional<Weights> asked) const;
  const ModelOptions& options(const std::string& model) const;
  /// The model with its weights, over the given cells (in the models' space), which must outlive it, of
  /// unknown conditions, which its encoder is not told. Throws DataError where the weights were fitted on other
  /// cells than those of hash `seen_cells`, where that is given.
  std::unique_ptr<TrainedModel> load(Context& context, const std::string& name,
                                     std::optional<Weights> weights, const Dataset& data,
                                     const std::string& seen_cells = "") const;
  /// The same of a model that is told conditions, with those of the cells.
  std::unique_ptr<TrainedModel> load(Context& context, const std::string& name,
                                     std::optional<Weights> weights, const Dataset& data,
                                     ConditionTable conditions, const std::string& seen_cells = "") const;

 private:
  Checkpoint weights_of(const std::string& name, std::optional<Weights> weights,
                        const std::string& seen_cells) const;
  std::unique_ptr<TrainedModel> restored(Context& context, const std::string& name, const Dataset& data,
                                         ConditionTable conditions, const Checkpoint& checkpoint) const;

  RunPaths paths_;
  std::string config_hash_;
  Experiment experiment_;
  Preprocessing preprocessing_;
};

}  // namespace sparcell
