#include "config/model_checker.h"

namespace sparcell::config {

void ModelChecker::check_gan() {
  const GanOptions& gan = model_.gan;
  check_conditions();
  check_gan_networks();
  check_minibatch();
  check_penalty();
  check_generated_values();
  checker_.refuse_if(gan.loss == GanLoss::bce && gan.label_smoothing == 1, path_ + ".label_smoothing",
                     "{}.label_smoothing is 1: real and generated cells would have the same label", path_);
}

void ModelChecker::check_gan_networks() {
  const GanOptions& gan = model_.gan;
  check_dropout(path_ + ".generator.dropout", gan.generator.dropout, gan.generator);
  check_dropout(path_ + ".critic.dropout", gan.critic.dropout, gan.critic);
  check_depth(path_ + ".generator.hidden", gan.generator.hidden.size(), drops(gan.generator.dropout), "");
  check_depth(path_ + ".critic.hidden", gan.critic.hidden.size(), drops(gan.critic.dropout), "");
  const bool either = gan.generator.normalization == NormalizationLayer::batch;
  check_batch_of_one(either ? gan.generator : gan.critic);
}

void ModelChecker::check_minibatch() {
  const GanOptions& gan = model_.gan;
  const bool statistic = gan.minibatch != MinibatchStatistic::none;
  checker_.refuse_if(statistic && gan.critic.hidden.size() < 2, path_ + ".minibatch",
                     "{}.minibatch is what the last hidden layer of the critic sees of the one before; "
                     "{}.critic.hidden needs two widths at least",
                     path_, path_);
  checker_.refuse_if(statistic && model_.train.batch == 1, train_path("batch"),
                     "{}.minibatch tells how the cells of a batch differ; train.batch is 1", path_);
}

void ModelChecker::check_penalty() {
  const GanOptions& gan = model_.gan;
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
      "{}.gradient_penalty.on is probability, but the loss {} has none; use logit", path_, name_of(gan.loss));
}

/// What the generator makes must be able to be what the data are.
void ModelChecker::check_generated_values() {
  const GanOptions& gan = model_.gan;
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
                     "{}.output {} is never negative, and normalize.standardize makes values that are", path_,
                     name_of(gan.output));
  checker_.refuse_if(standardized_ && gan.library != LibraryUse::none, path_ + ".library",
                     "{}.library works on values that are not standardized; set normalize.standardize to "
                     "false",
                     path_);
  checker_.refuse_if(not_logarithms_ && gan.library != LibraryUse::none, path_ + ".library",
                     "{}.library takes values as log1p of counts; set normalize.log1p to true", path_);
}

}  // namespace sparcell::config
