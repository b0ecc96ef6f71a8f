#include <algorithm>

#include "config/check.h"

namespace sparcell::config {
namespace {

/// What evaluation calls its references; with more latent sizes than one, some have the size behind them.
constexpr std::string_view references[] = {
    "gene_mean",      "centroid_mean",    "control_mean", "training_mean",
    "linear",         "additive",         "pca",          "pca_clamped",
    "pca_shrunk",     "pca_gaussian",     "gaussian_pca", "training_cells",
    "shuffled_genes", "shifted_controls", "nb_library",   "independent_genes",
    "split_half"};

bool is_reference(std::string_view name) {
  const std::size_t size = name.find_last_not_of("0123456789");
  const std::string_view without_size =
      size + 1 < name.size() && name[size] == '_' ? name.substr(0, size) : name;
  return std::find(std::begin(references), std::end(references), without_size) != std::end(references);
}

/// Whether some epoch is trained at the full KL weight, the only ones that `best` chooses from.
bool reaches_full_weight(const ModelOptions& model) {
  if (model.type != ModelType::vae || model.kl.warmup_unit == WarmupUnit::step) return true;
  return model.train.epochs - 1 >= model.kl.warmup * model.train.epochs;
}

void check_weights(const Experiment& e, Checker& checker) {
  const std::vector<std::string>& metrics = e.evaluate.metrics;
  checker.refuse_if(metrics.size() > 1 && std::count(metrics.begin(), metrics.end(), "all") > 0,
                    "evaluate.metrics", "evaluate.metrics: 'all' cannot stand beside other metrics");
  if (!checker.sound("model") || !checker.sound("train")) return;
  const bool best = e.evaluate.weights == Weights::best;
  for (const auto& [name, model] : e.model) {
    checker.refuse_if(
        best && model.kl.warmup < 1 && !reaches_full_weight(model), "evaluate.weights",
        "evaluate.weights best chooses among epochs at full KL weight, and model.{} has none in {} epochs",
        name, model.train.epochs);
  }
}

/// A validation share of 0 where something is chosen by validation cells.
void check_validation(const Experiment& e, Checker& checker) {
  const bool drawn = e.split.by == SplitBy::cell || e.split.by == SplitBy::perturbation;
  if (!drawn || e.split.validation > 0) return;
  constexpr auto sentence = "split.validation is 0, but {} needs a validation loss";
  checker.refuse_if(e.evaluate.weights == Weights::best, "split.validation", sentence,
                    "evaluate.weights best");
  checker.refuse_if(e.evaluate.components_of == ComponentsOf::validation, "split.validation",
                    "split.validation is 0, but evaluate.components_of validation needs validation cells");
  for (const auto& [name, model] : e.model) {
    checker.refuse_if(
        model.monitors_distance(), "split.validation",
        "split.validation is 0, but train.monitor energy_distance of model.{} needs validation cells", name);
    if (model.type == ModelType::gan) continue;
    checker.refuse_if(model.train.schedule.type == ScheduleType::plateau, "split.validation", sentence,
                      fmt::format("the plateau schedule of model.{}", name));
    checker.refuse_if(model.train.early_stopping.patience > 0, "split.validation", sentence,
                      fmt::format("early stopping of model.{}", name));
  }
}

}  // namespace

void check_model_names(const ModelSet& models, Checker& checker) {
  constexpr std::string_view plane = "_pca2";
  for (const auto& [name, model] : models) {
    checker.refuse_if(
        is_reference(name), "model." + name,
        "the model name '{}' is that of a reference that models are judged against; choose another", name);
    if (!name.ends_with(plane)) continue;
    const std::string stem = name.substr(0, name.size() - plane.size());
    const bool taken =
        std::any_of(models.begin(), models.end(), [&](const auto& other) { return other.first == stem; });
    checker.refuse_if(taken, "model." + name,
                      "the model name '{}' is that of the first two components of {}'s latent space; choose "
                      "another",
                      name, stem);
  }
}

void check_judgement(const Experiment& e, Checker& checker) {
  if (!checker.sound("evaluate")) return;
  check_weights(e, checker);
  if (checker.sound("train") && checker.sound("split") && checker.sound("model"))
    check_validation(e, checker);
}

}  // namespace sparcell::config
