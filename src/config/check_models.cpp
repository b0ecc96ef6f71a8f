#include <algorithm>

#include "config/model_checker.h"

namespace sparcell::config {

void ModelChecker::check() {
  check_optimizers();
  check_schedule();
  check_monitor();
  switch (model_.type) {
    case ModelType::vae:
      check_vae();
      [[fallthrough]];
    case ModelType::autoencoder:
      check_autoencoder();
      break;
    case ModelType::gan:
      check_gan();
      break;
  }
}

void ModelChecker::check_optimizers() {
  if (model_.type != ModelType::gan) {
    check_optimizer("optimizer", model_.train.optimizer);
    return;
  }
  check_optimizer("generator", model_.train.generator);
  check_optimizer("critic", model_.train.critic);
  const std::string own = path_ + ".train.optimizer";
  checker_.refuse_if(checker_.written(own), own,
                     "{}: a GAN has two optimizers, {}.train.generator and {}.train.critic", own, path_,
                     path_);
}

void ModelChecker::check_optimizer(const char* name, const OptimizerOptions& optimizer) {
  checker_.refuse_if(optimizer.betas.size() != 2, train_path(fmt::format("{}.betas", name)),
                     "{}.train.{}.betas must be two numbers, not {}", path_, name, optimizer.betas.size());
  checker_.refuse_if(
      model_.train.schedule.type != ScheduleType::none &&
          model_.train.schedule.min_learning_rate >= optimizer.learning_rate,
      train_path("schedule.min_learning_rate"),
      "{}.train.schedule.min_learning_rate ({}) is not below {}.learning_rate ({}): nothing could fall",
      path_, model_.train.schedule.min_learning_rate, name, optimizer.learning_rate);
}

void ModelChecker::check_schedule() {
  const ScheduleOptions& schedule = model_.train.schedule;
  const bool plateau = schedule.type == ScheduleType::plateau;
  checker_.refuse_if(plateau && schedule.warmup_steps > 0, train_path("schedule.warmup_steps"),
                     "{}.train.schedule.warmup_steps belongs to the types none, cosine and linear, "
                     "not plateau",
                     path_);
  if (model_.type != ModelType::gan) return;
  checker_.refuse_if(
      plateau, train_path("schedule.type"),
      "{} is a GAN and has no validation loss for a plateau schedule; set {}.train.schedule.type to none, "
      "cosine or linear",
      path_, path_);
  checker_.refuse_if(model_.train.early_stopping.patience > 0 && !model_.is_monitored(),
                     train_path("early_stopping.patience"),
                     "{} is a GAN and has no validation loss to stop early by; set {}.train.monitor to "
                     "energy_distance, or "
                     "{}.train.early_stopping.patience to 0",
                     path_, path_, path_);
}

void ModelChecker::check_monitor() {
  const std::string own = path_ + ".train.monitor";
  checker_.refuse_if(
      checker_.written(own) && model_.train.monitor == Monitor::energy_distance && !model_.generates(), own,
      "{} is energy_distance, of generated cells, and an autoencoder generates none; set it to loss", own);
}

void ModelChecker::check_batch_of_one(const NetworkOptions& network) {
  checker_.refuse_if(
      network.normalization == NormalizationLayer::batch && model_.train.batch == 1, train_path("batch"),
      "{} has batch normalization, which needs more than one cell in a batch; train.batch is 1", path_);
}

void ModelChecker::check_dropout(const std::string& key, const std::vector<double>& dropout,
                                 const NetworkOptions& network) {
  const std::size_t layers = network.hidden.size();
  checker_.refuse_if(dropout.size() > 1 && dropout.size() != layers, key,
                     "{} must be one number or as many as hidden layers ({}), not {}", key, layers,
                     dropout.size());
}

void ModelChecker::check_depth(const std::string& key, std::size_t layers, bool drops, const char* of_what) {
  checker_.refuse_if(drops && layers > most_dropout_layers, key,
                     "{} makes {} hidden layers{}, and random numbers of dropout are told apart for at most "
                     "{}; use fewer, or dropout 0",
                     key, layers, of_what, most_dropout_layers);
}

bool ModelChecker::drops(const std::vector<double>& dropout) {
  return std::any_of(dropout.begin(), dropout.end(), [](double share) { return share > 0; });
}

std::string ModelChecker::train_path(std::string_view key) const {
  const std::string own = fmt::format("{}.train.{}", path_, key);
  const std::string common = fmt::format("train.{}", key);
  return checker_.written(own) || !checker_.written(common) ? own : common;
}

void check_models(const Experiment& e, Checker& checker) {
  checker.refuse_if(e.model.empty() && checker.sound("model"), "model",
                    "model is missing: name at least one, as in model: {{ae: {{type: autoencoder}}}}");
  check_model_names(e.model, checker);
  if (!checker.sound("train")) return;
  for (const auto& [name, model] : e.model) {
    if (checker.sound("model." + name)) ModelChecker(name, model, e, checker).check();
  }
}

}  // namespace sparcell::config
