// Combinations of options that make no sense, refused before data is read.
#pragma once

#include "config/plan_options.h"
#include "config/problems.h"
#include "sparcell/config.h"

namespace sparcell::config {

/// What an experiment refuses and where in the tree it was written. Sections that have problems already are
/// not checked further: their values are not the ones that the user meant.
class Checker {
 public:
  Checker(const Node& root, Problems& problems, std::vector<std::string>* warnings)
      : root_(root), read_problems_(problems), problems_(problems), warnings_(warnings) {}

  template <class... Arguments>
  void refuse_if(bool senseless, std::string_view path, fmt::format_string<Arguments...> sentence,
                 Arguments&&... arguments) {
    if (senseless) {
      problems_.add(place_of(root_, path), path,
                    fmt::format(sentence, std::forward<Arguments>(arguments)...));
    }
  }

  /// Of a key that was written and has no effect, or another one than it seems to.
  template <class... Arguments>
  void warn_if(bool pointless, std::string_view path, fmt::format_string<Arguments...> sentence,
               Arguments&&... arguments) {
    if (pointless && warnings_ != nullptr && written(path))
      warnings_->push_back(fmt::format(sentence, std::forward<Arguments>(arguments)...));
  }

  bool sound(std::string_view path) const { return !read_problems_.touch(path); }
  bool written(std::string_view path) const { return find_path(root_, path) != nullptr; }

 private:
  const Node& root_;
  const Problems read_problems_;  ///< known before the checks began
  Problems& problems_;
  std::vector<std::string>* warnings_;
};

void check_experiment(const Experiment& experiment, const Node& root, const LoadOptions& options,
                      const SlurmOptions& slurm, Problems& problems);

/// The keys on top and the stations before the models.
void check_data(const Experiment& experiment, const LoadOptions& options, Checker& checker);

/// Models with their training.
void check_models(const Experiment& experiment, Checker& checker);
/// Rows of result.json and matrices of latent.h5ad are found by the models' names.
void check_model_names(const ModelSet& models, Checker& checker);

/// How models are judged, and what is chosen by validation cells.
void check_judgement(const Experiment& experiment, Checker& checker);

/// Jobs that would be told to stop as soon as they start.
void check_jobs(const SlurmOptions& slurm, Checker& checker);

/// Keys of models that were set while others take their effect or change what they mean. Sweeps and ablations
/// switch those on and off, so nothing is refused.
void warn_of_pointless_keys(const Experiment& experiment, Checker& checker);

}  // namespace sparcell::config
