#include "config/check.h"

namespace sparcell::config {
namespace {

class ModelEffects {
 public:
  ModelEffects(const std::string& name, const ModelOptions& model, Checker& checker)
      : path_("model." + name), model_(model), checker_(checker) {}

  void check() {
    if (model_.type == ModelType::gan) {
      check_gan();
    } else {
      check_autoencoder();
    }
    const EmbeddingOptions& how = model_.conditioning;
    warn_unless(how.embedding == EmbeddingOptions::loadings, ".conditioning.components", how.components,
                EmbeddingOptions().components,
                fmt::format("it is of loadings, and {}.conditioning.embedding is {}", path_, how.embedding));
  }

 private:
  /// A value that is not the default, of a key that has an effect where `needs` holds alone.
  template <class T>
  void warn_unless(bool needs, const std::string& key, const T& value, const T& usual,
                   const std::string& what) {
    const std::string path = path_ + key;
    checker_.warn_if(!needs && value != usual, path, "{} has no effect: {}", path, what);
  }

  void check_slope(const std::string& where, const NetworkOptions& network, const NetworkOptions& usual) {
    warn_unless(network.activation == Activation::leaky_relu, where + ".slope", network.slope, usual.slope,
                fmt::format("it is of leaky_relu, and {}{}.activation is {}", path_, where,
                            name_of(network.activation)));
  }

  void check_autoencoder() {
    const ModelOptions usual;
    check_slope("", model_.network, usual.network);
    warn_unless(model_.input.standardize, ".input.deviation_floor", model_.input.deviation_floor,
                usual.input.deviation_floor, path_ + ".input.standardize is false");
    if (model_.type != ModelType::vae) return;
    check_elbo();
    warn_unless(model_.kl.weight > 0, ".kl.free_bits", model_.kl.free_bits, usual.kl.free_bits,
                path_ + ".kl.weight is 0");
  }

  /// Who writes 1 means the ELBO.
  void check_elbo() {
    const bool sums =
        model_.reconstruction_reduction == Reduction::sum && model_.kl.reduction == Reduction::sum;
    checker_.warn_if(
        model_.kl.weight == 1 && !sums, path_ + ".kl.weight",
        "{0}.kl.weight 1 is not that of an ELBO: {0}.reduction is {1} and {0}.kl.reduction is {2}, "
        "and it takes sums in both",
        path_, name_of(model_.reconstruction_reduction), name_of(model_.kl.reduction));
  }

  void check_gan() {
    const GanOptions& gan = model_.gan;
    const GanOptions usual;
    check_slope(".generator", gan.generator, usual.generator);
    check_slope(".critic", gan.critic, usual.critic);
    warn_unless(gan.output == GeneratorOutput::hurdle, ".gate_temperature", gan.gate_temperature,
                usual.gate_temperature,
                fmt::format("it is of a hurdle, and {}.output is {}", path_, name_of(gan.output)));
    warn_unless(gan.loss == GanLoss::bce || gan.label_smoothing == 0, ".label_smoothing", gan.label_smoothing,
                usual.label_smoothing,
                fmt::format("it is of bce, and {}.loss is {}", path_, name_of(gan.loss)));
    warn_unless(gan.spectral_norm, ".spectral_iterations", gan.spectral_iterations, usual.spectral_iterations,
                path_ + ".spectral_norm is false");
    const bool penalized = gan.gradient_penalty.weight > 0;
    const std::string weightless = path_ + ".gradient_penalty.weight is 0";
    warn_unless(penalized, ".gradient_penalty.target", gan.gradient_penalty.target,
                usual.gradient_penalty.target, weightless);
    warn_unless(penalized, ".gradient_penalty.on", gan.gradient_penalty.on, usual.gradient_penalty.on,
                weightless);
  }

  std::string path_;
  const ModelOptions& model_;
  Checker& checker_;
};

/// `section` ends with a dot, or is empty.
void check_length(const std::string& section, const TrainOptions& train, Checker& checker) {
  const std::string epochs = section + "train.epochs";
  checker.warn_if(train.steps > 0 && train.epochs != TrainOptions().epochs, epochs,
                  "{} has no effect: {}train.steps is {} (0 leaves the length to epochs)", epochs, section,
                  train.steps);
}

}  // namespace

void warn_of_pointless_keys(const Experiment& experiment, Checker& checker) {
  checker.warn_if(experiment.read.fractional_counts && !experiment.normalize.enabled,
                  "read.fractional_counts",
                  "read.fractional_counts has no effect: normalize is none, which takes any values");
  check_length("", experiment.train, checker);
  for (const auto& [name, model] : experiment.model)
    check_length("model." + name + ".", model.train, checker);
  for (const auto& [name, model] : experiment.model) {
    checker.warn_if(experiment.evaluate.weights == Weights::best && !model.is_monitored(), "evaluate.weights",
                    "evaluate.weights best has no effect on model.{}: a GAN has a best epoch only where its "
                    "train.monitor is energy_distance; its last weights are judged",
                    name);
  }
  for (const auto& [name, model] : experiment.model) ModelEffects(name, model, checker).check();
}

}  // namespace sparcell::config
