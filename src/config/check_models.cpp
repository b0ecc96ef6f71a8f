#include <algorithm>
#include <cmath>

#include "config/check.h"

namespace sparcell::config {
namespace {

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
        checker_(checker) {}

  void check() {
    check_optimizers();
    check_schedule();
    check_monitor();
    switch (model_.type) {
      case ModelType::vae:
        check_warmup();
        check_likelihood();
        checker_.refuse_if(model_.network.hidden.empty(), path_ + ".hidden",
                           "{}.hidden is empty: the heads of a VAE stand on at least one hidden layer",
                           path_);
        [[fallthrough]];
      case ModelType::autoencoder:
        check_autoencoder();
        break;
      case ModelType::gan:
        check_gan();
        break;
    }
  }

 private:
  /// Where a train option of this model was written: by the model itself, or for all models.
  std::string train_path(std::string_view key) const {
    const std::string own = fmt::format("{}.train.{}", path_, key);
    const std::string common = fmt::format("train.{}", key);
    return checker_.written(own) || !checker_.written(common) ? own : common;
  }

  void check_optimizer(const char* name, const OptimizerOptions& optimizer) {
    checker_.refuse_if(optimizer.betas.size() != 2, train_path(fmt::format("{}.betas", name)),
                       "{}.train.{}.betas must be two numbers, not {}", path_, name, optimizer.betas.size());
    checker_.refuse_if(
        model_.train.schedule.type != ScheduleType::none &&
            model_.train.schedule.min_learning_rate >= optimizer.learning_rate,
        train_path("schedule.min_learning_rate"),
        "{}.train.schedule.min_learning_rate ({}) is not below {}.learning_rate ({}): nothing could fall",
        path_, model_.train.schedule.min_learning_rate, name, optimizer.learning_rate);
  }

  void check_optimizers() {
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

  void check_schedule() {
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

  /// Written for all models it is meant for those that generate; written here it is meant for this one.
  void check_monitor() {
    const std::string own = path_ + ".train.monitor";
    checker_.refuse_if(
        checker_.written(own) && model_.train.monitor == Monitor::energy_distance && !model_.generates(), own,
        "{} is energy_distance, of generated cells, and an autoencoder generates none; set it to loss", own);
  }

  void check_warmup() {
    checker_.refuse_if(
        model_.kl.warmup >= 1, path_ + ".kl.warmup",
        "{}.kl.warmup is {}: training is not longer than the warm-up of the KL weight; it must be below 1",
        path_, model_.kl.warmup);
  }

  /// Words without a meaning are refused by their value: a resolved config writes all of them.
  void check_likelihood() {
    const ModelOptions usual;
    const std::string likelihood(name_of(model_.likelihood));
    checker_.refuse_if(model_.variance != usual.variance && model_.likelihood != LikelihoodType::gaussian,
                       path_ + ".variance", "{}.variance belongs to the likelihood gaussian, not {}", path_,
                       likelihood);
    checker_.refuse_if(model_.by_perturbation() && !model_.of_counts(), path_ + ".dispersion",
                       "{}.dispersion belongs to the likelihoods nb and zinb, not {}", path_, likelihood);
    checker_.refuse_if(model_.by_perturbation() && unlabelled_, path_ + ".dispersion",
                       "{}.dispersion gene_perturbation needs perturbation labels, but "
                       "read.perturbation.preset none reads none",
                       path_);
    checker_.refuse_if(model_.library != usual.library && !model_.of_counts(), path_ + ".library",
                       "{}.library belongs to the likelihoods nb and zinb, not {}", path_, likelihood);
    checker_.refuse_if(
        model_.sample.components != usual.sample.components && model_.sample.from == SampleFrom::prior,
        path_ + ".sample.components", "{}.sample.components belongs to sample.from mixture, not prior",
        path_);
    checker_.refuse_if(model_.likelihood == LikelihoodType::gaussian && model_.input.mix > 0,
                       path_ + ".input.mix",
                       "{}.input.mix changes what is to be reconstructed, and the likelihood gaussian is of "
                       "the cells as they are; use the likelihood mse",
                       path_);
    if (!model_.of_counts()) return;
    const std::string key = path_ + ".likelihood";
    checker_.refuse_if(!normalized_, key,
                       "{} {} needs counts, and normalize: none takes the values as they are; let normalize "
                       "begin from counts",
                       key, likelihood);
    checker_.refuse_if(
        model_.input.mix > 0 || model_.input.standardize, path_ + ".input",
        "{}.input works on normalized values, and the likelihood {} reads the logarithms of counts", path_,
        likelihood);
    checker_.refuse_if(
        model_.start != ModelStart::random, path_ + ".start",
        "{}.start {} are components of normalized values, and the likelihood {} decodes rates of counts",
        path_, name_of(model_.start), likelihood);
    checker_.refuse_if(
        model_.output != OutputActivation::identity, path_ + ".output",
        "{}.output {} would bend the logarithms of rates that the likelihood {} decodes; use identity", path_,
        name_of(model_.output), likelihood);
  }

  void check_batch_of_one(const NetworkOptions& network) {
    checker_.refuse_if(
        network.normalization == NormalizationLayer::batch && model_.train.batch == 1, train_path("batch"),
        "{} has batch normalization, which needs more than one cell in a batch; train.batch is 1", path_);
  }

  void check_dropout(const std::string& key, const std::vector<double>& dropout,
                     const NetworkOptions& network) {
    const std::size_t layers = network.hidden.size();
    checker_.refuse_if(dropout.size() > 1 && dropout.size() != layers, key,
                       "{} must be one number or as many as hidden layers ({}), not {}", key, layers,
                       dropout.size());
  }

  /// `layers` are those that one pass goes through, one after the other.
  void check_depth(const std::string& key, std::size_t layers, bool drops, const char* of_what) {
    checker_.refuse_if(
        drops && layers > most_dropout_layers, key,
        "{} makes {} hidden layers{}, and random numbers of dropout are told apart for at most "
        "{}; use fewer, or dropout 0",
        key, layers, of_what, most_dropout_layers);
  }

  void check_start() {
    const bool components = model_.start != ModelStart::random;
    checker_.refuse_if(components && !model_.skip, path_ + ".start",
                       "{}.start {} sets the linear paths, which {}.skip is to switch on", path_,
                       name_of(model_.start), path_);
    checker_.refuse_if(
        components && model_.output == OutputActivation::softplus, path_ + ".output",
        "{}.output softplus cannot begin at principal components: their reconstruction would be "
        "bent by it; use relu or identity",
        path_);
    checker_.refuse_if(
        model_.start == ModelStart::pca_shrunk && no_validation_, path_ + ".start",
        "{}.start pca_shrunk chooses its shrinkage on validation cells, and split.validation is 0", path_);
    checker_.refuse_if(standardized_ && (components || model_.input.standardize || model_.input.mix > 0),
                       components ? path_ + ".start" : path_ + ".input",
                       "{}.start and {}.input work on values that are not standardized yet; set "
                       "normalize.standardize to false",
                       path_, path_);
    checker_.refuse_if(standardized_ && model_.output != OutputActivation::identity, path_ + ".output",
                       "{}.output {} is never negative, and normalize.standardize makes values that are",
                       path_, name_of(model_.output));
  }

  /// What the files of cells that a model makes say of them, beside the conditions (experiment/made_cells.h).
  static constexpr std::string_view own_columns[] = {
      "source", "split", "library_size", "size_factor", "predicted_perturbation", "control"};

  void check_conditions() {
    const std::vector<std::string>& told = model_.condition;
    const ConditioningOptions& how = model_.conditioning;
    const bool perturbation = std::find(told.begin(), told.end(), "perturbation") != told.end();
    for (auto name = told.begin(); name != told.end(); ++name) {
      checker_.refuse_if(std::find(told.begin(), name, *name) != name, path_ + ".condition",
                         "{}.condition names {} twice", path_, *name);
      checker_.refuse_if(
          std::find(std::begin(own_columns), std::end(own_columns), *name) != std::end(own_columns),
          path_ + ".condition",
          "{}.condition: files of generated cells have a column {} of their own; give the data's "
          "another name",
          path_, *name);
    }
    checker_.refuse_if(perturbation && unlabelled_, path_ + ".condition",
                       "{}.condition needs perturbation labels, but read.perturbation.preset none reads none",
                       path_);
    checker_.refuse_if(how.embedding.empty(), path_ + ".conditioning.embedding",
                       "{}.conditioning.embedding is empty; write one_hot, loadings or the path of a table",
                       path_);
    const bool written = checker_.written(path_ + ".conditioning.embedding");
    checker_.refuse_if(
        !perturbation && written && how.embedding != ConditioningOptions::one_hot,
        path_ + ".conditioning.embedding",
        "{}.conditioning.embedding says what perturbed genes are, but {}.condition does not name "
        "perturbation",
        path_, path_);
    checker_.refuse_if(
        how.control_input > 0 && !perturbation, path_ + ".conditioning.control_input",
        "{}.conditioning.control_input makes perturbed cells of controls, but {}.condition does not "
        "name perturbation",
        path_, path_);
    checker_.refuse_if(how.encoder && told.empty(), path_ + ".conditioning.encoder",
                       "{}.conditioning.encoder tells the encoder conditions, but {}.condition names none",
                       path_, path_);
    const bool learned = how.combine == GeneCombination::learned;
    checker_.refuse_if(learned && !perturbation, path_ + ".conditioning.combine",
                       "{}.conditioning.combine is about genes that are perturbed together, but {}.condition "
                       "does not name perturbation",
                       path_, path_);
    checker_.refuse_if(!learned && how.rank != ConditioningOptions().rank, path_ + ".conditioning.rank",
                       "{}.conditioning.rank belongs to conditioning.combine learned, not sum", path_);
    checker_.refuse_if(
        how.control_input > 0 && model_.input.mix > 0, path_ + ".conditioning.control_input",
        "{}.conditioning.control_input asks for the cell itself from a control, and {}.input.mix for "
        "the mixed cell; one of them must be 0",
        path_, path_);
  }

  static bool any(const std::vector<double>& dropout) {
    return std::any_of(dropout.begin(), dropout.end(), [](double share) { return share > 0; });
  }

  void check_autoencoder() {
    check_depth(path_ + ".hidden", 2 * model_.network.hidden.size(),
                any(model_.network.dropout) || any(model_.decoder_dropout), " in encoder and decoder");
    check_start();
    check_conditions();
    check_dropout(path_ + ".dropout", model_.network.dropout, model_.network);
    check_dropout(path_ + ".decoder_dropout", model_.decoder_dropout, model_.network);
    check_batch_of_one(model_.network);
  }

  void check_gan() {
    const GanOptions& gan = model_.gan;
    check_conditions();
    check_dropout(path_ + ".generator.dropout", gan.generator.dropout, gan.generator);
    check_dropout(path_ + ".critic.dropout", gan.critic.dropout, gan.critic);
    check_depth(path_ + ".generator.hidden", gan.generator.hidden.size(), any(gan.generator.dropout), "");
    check_depth(path_ + ".critic.hidden", gan.critic.hidden.size(), any(gan.critic.dropout), "");
    const bool either = gan.generator.normalization == NormalizationLayer::batch;
    check_batch_of_one(either ? gan.generator : gan.critic);
    const bool statistic = gan.minibatch != MinibatchStatistic::none;
    checker_.refuse_if(statistic && gan.critic.hidden.size() < 2, path_ + ".minibatch",
                       "{}.minibatch is what the last hidden layer of the critic sees of the one before; "
                       "{}.critic.hidden needs two widths at least",
                       path_, path_);
    checker_.refuse_if(statistic && model_.train.batch == 1, train_path("batch"),
                       "{}.minibatch tells how the cells of a batch differ; train.batch is 1", path_);
    const bool penalized = gan.gradient_penalty.weight > 0;
    checker_.refuse_if(penalized && gan.critic.normalization == NormalizationLayer::batch,
                       path_ + ".critic.normalization",
                       "{}.critic has batch normalization, which couples the cells whose gradients "
                       "gradient_penalty needs one "
                       "by one; use layer or none, or set gradient_penalty.weight to 0",
                       path_);
    checker_.refuse_if(
        penalized && gan.loss != GanLoss::bce && gan.gradient_penalty.on == PenaltyOn::probability,
        path_ + ".gradient_penalty.on",
        "{}.gradient_penalty.on is probability, but the loss {} has none; use logit", path_,
        name_of(gan.loss));
    checker_.refuse_if(
        gan.sparsity.term == SparsityTerm::zero_share && gan.output != GeneratorOutput::hurdle,
        path_ + ".sparsity.term",
        "{}.sparsity.term zero_share is about the gates of a hurdle, and {}.output is {}; use size", path_,
        path_, name_of(gan.output));
    checker_.refuse_if(gan.library == LibraryUse::output && gan.output == GeneratorOutput::identity,
                       path_ + ".library",
                       "{}.library output scales counts, and {}.output identity makes negative values; use "
                       "softplus, relu or hurdle",
                       path_, path_);
    checker_.refuse_if(standardized_ && gan.output != GeneratorOutput::identity, path_ + ".output",
                       "{}.output {} is never negative, and normalize.standardize makes values that are",
                       path_, name_of(gan.output));
    checker_.refuse_if(standardized_ && gan.library != LibraryUse::none, path_ + ".library",
                       "{}.library works on values that are not standardized; set normalize.standardize to "
                       "false",
                       path_);
    checker_.refuse_if(not_logarithms_ && gan.library != LibraryUse::none, path_ + ".library",
                       "{}.library takes values as log1p of counts; set normalize.log1p to true", path_);
    checker_.refuse_if(gan.loss == GanLoss::bce && gan.label_smoothing == 1, path_ + ".label_smoothing",
                       "{}.label_smoothing is 1: real and generated cells would have the same label", path_);
  }

  std::string path_;
  const ModelOptions& model_;
  const bool normalized_, standardized_, not_logarithms_, no_validation_, unlabelled_;
  Checker& checker_;
};

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

/// Rows of result.json and matrices of latent.h5ad are found by the models' names.
void check_names(const ModelSet& models, Checker& checker) {
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

/// Whether some epoch is trained at the full KL weight, the only ones that `best` chooses from.
bool reaches_full_weight(const ModelOptions& model) {
  if (model.type != ModelType::vae || model.kl.warmup_unit == WarmupUnit::step) return true;
  return model.train.epochs - 1 >= model.kl.warmup * model.train.epochs;
}

void check_judgement(const Experiment& e, Checker& checker) {
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

void check_models(const Experiment& e, Checker& checker) {
  checker.refuse_if(e.model.empty() && checker.sound("model"), "model",
                    "model is missing: name at least one, as in model: {{ae: {{type: autoencoder}}}}");
  check_names(e.model, checker);
  const bool train_is_sound = checker.sound("train");
  for (const auto& [name, model] : e.model) {
    if (train_is_sound && checker.sound("model." + name)) ModelChecker(name, model, e, checker).check();
  }
  if (checker.sound("evaluate")) check_judgement(e, checker);
  if (train_is_sound && checker.sound("split") && checker.sound("evaluate") && checker.sound("model")) {
    check_validation(e, checker);
  }
}

void check_experiment(const Experiment& experiment, const Node& root, const LoadOptions& options,
                      Problems& problems) {
  Checker checker(root, problems, options.warnings);
  check_data(experiment, options, checker);
  check_models(experiment, checker);
  if (checker.sound("model")) warn_of_pointless_keys(experiment, checker);
}

}  // namespace sparcell::config
