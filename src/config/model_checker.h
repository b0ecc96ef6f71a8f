// The checks of one model, by what they are about: a file each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/check.h"

namespace sparcell::config {

/// Checks of one model. Its path is `model.NAME`.
class ModelChecker {
 public:
  ModelChecker(const std::string& name, const ModelOptions& model, const Experiment& e, Checker& checker)
      : path_("model." + name),
        model_(model),
        normalized_(e.normalize.enabled),
        standardized_(e.normalize.enabled && e.normalize.standardize),
        not_logarithms_(e.normalize.enabled && !e.normalize.log1p),
        no_validation_((e.split.by == SplitBy::cell || e.split.by == SplitBy::perturbation) &&
                       e.split.validation == 0),
        unlabelled_(e.read.perturbation.preset == LabelPreset::none),
        fractional_(e.read.fractional_counts),
        checker_(checker) {}

  void check();

 private:
  // check_models.cpp: training, and what is asked of every network.
  void check_optimizers();
  void check_optimizer(const char* name, const OptimizerOptions& optimizer);
  void check_schedule();
  /// Written for all models it is meant for those that generate; written here it is meant for this one.
  void check_monitor();
  void check_batch_of_one(const NetworkOptions& network);
  void check_dropout(const std::string& key, const std::vector<double>& dropout,
                     const NetworkOptions& network);
  /// `layers` are those that one pass goes through, one after the other.
  void check_depth(const std::string& key, std::size_t layers, bool drops, const char* of_what);
  static bool drops(const std::vector<double>& dropout);
  /// Where a train option of this model was written: by the model itself, or for all models.
  std::string train_path(std::string_view key) const;

  // check_autoencoder.cpp
  void check_vae();
  void check_likelihood();
  void check_counts();
  void check_autoencoder();
  void check_start();

  // check_gan.cpp
  void check_gan();
  void check_gan_networks();
  void check_minibatch();
  void check_penalty();
  void check_generated_values();

  // check_conditions.cpp
  void check_conditions();
  void check_told_columns();
  void check_conditioning();

  std::string path_;
  const ModelOptions& model_;
  const bool normalized_, standardized_, not_logarithms_, no_validation_, unlabelled_, fractional_;
  Checker& checker_;
};

}  // namespace sparcell::config
