#include "config/model_checker.h"

namespace sparcell::config {

void ModelChecker::check_vae() {
  checker_.refuse_if(
      model_.kl.warmup >= 1, path_ + ".kl.warmup",
      "{}.kl.warmup is {}: training is not longer than the warm-up of the KL weight; it must be below 1",
      path_, model_.kl.warmup);
  check_likelihood();
  checker_.refuse_if(model_.network.hidden.empty(), path_ + ".hidden",
                     "{}.hidden is empty: the heads of a VAE stand on at least one hidden layer", path_);
}

/// Words without a meaning are refused by their value: a resolved config writes all of them.
void ModelChecker::check_likelihood() {
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
  checker_.refuse_if(model_.rates != usual.rates && !model_.of_counts(), path_ + ".rates",
                     "{}.rates belongs to the likelihoods nb and zinb, not {}", path_, likelihood);
  checker_.refuse_if(
      model_.sample.components != usual.sample.components && model_.sample.from == SampleFrom::prior,
      path_ + ".sample.components", "{}.sample.components belongs to sample.from mixture, not prior", path_);
  checker_.refuse_if(model_.likelihood == LikelihoodType::gaussian && model_.input.mix > 0,
                     path_ + ".input.mix",
                     "{}.input.mix changes what is to be reconstructed, and the likelihood gaussian is of "
                     "the cells as they are; use the likelihood mse",
                     path_);
  if (model_.of_counts()) check_counts();
}

/// What reads counts and decodes their rates.
void ModelChecker::check_counts() {
  const std::string likelihood(name_of(model_.likelihood)), key = path_ + ".likelihood";
  checker_.refuse_if(!normalized_, key,
                     "{} {} needs counts, and normalize: none takes the values as they are; let normalize "
                     "begin from counts",
                     key, likelihood);
  checker_.refuse_if(fractional_, key,
                     "{} {} is of whole counts, and read.fractional_counts takes others; use likelihood "
                     "gaussian or mse, or name uncorrected counts with read.counts",
                     key, likelihood);
  checker_.refuse_if(
      model_.input.mix > 0 || model_.input.standardize, path_ + ".input",
      "{}.input works on normalized values, and the likelihood {} reads the logarithms of counts", path_,
      likelihood);
  checker_.refuse_if(
      model_.start != ModelStart::random, path_ + ".start",
      "{}.start {} are components of normalized values, and the likelihood {} decodes rates of counts", path_,
      name_of(model_.start), likelihood);
  checker_.refuse_if(
      model_.output != OutputActivation::identity, path_ + ".output",
      "{}.output {} would bend the logarithms of rates that the likelihood {} decodes; use identity", path_,
      name_of(model_.output), likelihood);
}

void ModelChecker::check_autoencoder() {
  check_depth(path_ + ".hidden", 2 * model_.network.hidden.size(),
              drops(model_.network.dropout) || drops(model_.decoder_dropout), " in encoder and decoder");
  check_start();
  check_conditions();
  check_dropout(path_ + ".dropout", model_.network.dropout, model_.network);
  check_dropout(path_ + ".decoder_dropout", model_.decoder_dropout, model_.network);
  check_batch_of_one(model_.network);
}

void ModelChecker::check_start() {
  const bool components = model_.start != ModelStart::random;
  checker_.refuse_if(components && !model_.skip, path_ + ".start",
                     "{}.start {} sets the linear paths, which {}.skip is to switch on", path_,
                     name_of(model_.start), path_);
  checker_.refuse_if(components && model_.output == OutputActivation::softplus, path_ + ".output",
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
                     "{}.output {} is never negative, and normalize.standardize makes values that are", path_,
                     name_of(model_.output));
}

}  // namespace sparcell::config
