// Station 6, model: what is trained. MODELS: autoencoder, variational autoencoder, GAN.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/model/conditioning_options.h"
#include "sparcell/model/gan_options.h"
#include "sparcell/model/network_options.h"
#include "sparcell/ops/words.h"
#include "sparcell/train.h"

namespace sparcell {

enum class ModelType { autoencoder, vae, gan };
template <>
struct Names<ModelType> {
  static constexpr std::string_view values[] = {"autoencoder", "vae", "gan"};
};

enum class Reduction { mean, sum };
template <>
struct Names<Reduction> {
  static constexpr std::string_view values[] = {"mean", "sum"};
};

enum class WarmupUnit { step, epoch };
template <>
struct Names<WarmupUnit> {
  static constexpr std::string_view values[] = {"step", "epoch"};
};

struct KlOptions {
  double weight = 0.1;
  double warmup = 0.5;
  WarmupUnit warmup_unit = WarmupUnit::step;
  Reduction reduction = Reduction::mean;
  double free_bits = 0;
};

template <class Visitor>
void describe(Visitor& v, KlOptions& o) {
  v.field("weight", o.weight, at_least(0),
          "Weight of the KL term after warm-up. With sums in the loss (reduction and kl.reduction) it is beta of a beta-VAE, "
          "and 1 the ELBO of a likelihood; with means, as by default, that ELBO has the weight latent / genes.");
  v.field("warmup", o.warmup, at_least(0), "Share of training over which the weight rises linearly from 0; 0 is none.");
  v.field("warmup_unit", o.warmup_unit, "The weight moves with every step, or with every epoch (the course).");
  v.field("reduction", o.reduction, "Over latent dimensions; over cells it is always the mean.");
  v.field("free_bits", o.free_bits, at_least(0),
          "Nats of each latent dimension of a cell that cost nothing more: a smaller KL counts as this in training's loss.");
}

/// Where an autoencoder's training begins.
enum class ModelStart { random, pca, pca_shrunk };
template <>
struct Names<ModelStart> {
  static constexpr std::string_view values[] = {"random", "pca", "pca_shrunk"};
};

struct InputOptions {
  bool standardize = false;
  double deviation_floor = 0.05;
  double mix = 0;
};

template <class Visitor>
void describe(Visitor& v, InputOptions& o) {
  v.field("standardize", o.standardize,
          "Hidden layers see (x - mean) / deviation of the training cells; the skip path and the target stay as they are.");
  v.field("deviation_floor", o.deviation_floor, {.low = 0, .high = 1, .low_open = true},
          "Deviations below this share of the largest gene's count as that.");
  v.field("mix", o.mix, share,
          "Augmentation: a training cell draws p between 0 and this, each entry takes the gene's value of a random training "
          "cell with probability p, and the mixed cell is what is to be reconstructed.");
}

/// What a VAE says of a cell's values: with mse nothing but their mean (the course), else a distribution.
enum class LikelihoodType { mse, gaussian, nb, zinb };
template <>
struct Names<LikelihoodType> {
  static constexpr std::string_view values[] = {"mse", "gaussian", "nb", "zinb"};
};

enum class VarianceOf { shared, gene };
template <>
struct Names<VarianceOf> {
  static constexpr std::string_view values[] = {"shared", "gene"};
};

/// What has a dispersion of its own under negative binomials.
enum class DispersionOf { gene, gene_perturbation };
template <>
struct Names<DispersionOf> {
  static constexpr std::string_view values[] = {"gene", "gene_perturbation"};
};

enum class LibrarySource { observed, decoded };
template <>
struct Names<LibrarySource> {
  static constexpr std::string_view values[] = {"observed", "decoded"};
};

/// What makes rates of a decoder's outputs.
enum class RateLink { exp, softmax };
template <>
struct Names<RateLink> {
  static constexpr std::string_view values[] = {"exp", "softmax"};
};

enum class SampleFrom { prior, mixture };
template <>
struct Names<SampleFrom> {
  static constexpr std::string_view values[] = {"prior", "mixture"};
};

struct SampleOptions {
  SampleFrom from = SampleFrom::prior;
  std::int64_t components = 10;
};

template <class Visitor>
void describe(Visitor& v, SampleOptions& o) {
  v.field("from", o.from,
          "Latent values of generated cells: normal ones, or of a Gaussian mixture fitted to those of the training cells.");
  v.field("components", o.components, possible_count, "Components of the mixture.");
}

struct ModelOptions {
  ModelType type = ModelType::autoencoder;
  NetworkOptions network{.hidden = {256, 128},
                         .normalization = NormalizationLayer::batch,
                         .activation = Activation::relu,
                         .slope = 0.2,
                         .dropout = {0.2, 0.1}};  ///< encoder; the decoder mirrors it
  std::vector<double> decoder_dropout;  ///< empty: the encoder's, reversed
  std::int64_t latent = 64;
  bool skip = false;
  ModelStart start = ModelStart::random;
  OutputActivation output = OutputActivation::identity;
  InputOptions input;
  std::vector<std::string> condition;
  ConditioningOptions conditioning;
  Reduction reconstruction_reduction = Reduction::mean;
  KlOptions kl;    ///< vae, as are the following
  LikelihoodType likelihood = LikelihoodType::mse;
  VarianceOf variance = VarianceOf::gene;
  DispersionOf dispersion = DispersionOf::gene;
  LibrarySource library = LibrarySource::observed;
  RateLink rates = RateLink::exp;
  SampleOptions sample;
  GanOptions gan;  ///< gan
  TrainOptions train;  ///< the experiment's `train` with this model's own merged over it

  bool is_told_perturbation() const {
    return std::find(condition.begin(), condition.end(), perturbation_word) != condition.end();
  }
  bool by_perturbation() const { return dispersion == DispersionOf::gene_perturbation; }
  bool of_counts() const { return likelihood == LikelihoodType::nb || likelihood == LikelihoodType::zinb; }
  bool generates() const { return type != ModelType::autoencoder; }
  bool monitors_distance() const { return generates() && train.monitor == Monitor::energy_distance; }
  /// Whether some epoch can be better than another.
  bool is_monitored() const { return type != ModelType::gan || monitors_distance(); }
};

/// Describes the words of the model's own type only, so that a word of another type is an unknown key. The hidden layers
/// of autoencoders are words of the model itself. `train` is described by the config (it merges two sections).
template <class Visitor>
void describe(Visitor& v, ModelOptions& o) {
  v.field("type", o.type, "Kind of model.");
  v.field("latent", o.latent, possible_width, "Latent dimensions.");
  if (o.type == ModelType::gan) {
    describe(v, o.gan);
    v.field("condition", o.condition,
            "What generator and critic are told of a cell: `perturbation`, and obs columns such as a batch; empty tells nothing.");
    v.section("conditioning", static_cast<CombinationOptions&>(o.conditioning), "How conditions are told.");
    return;
  }
  describe(v, o.network);
  v.field("decoder_dropout", o.decoder_dropout, probability_below_one,
          "Dropout after each hidden layer of the decoder; not given: the encoder's in reverse.");
  v.field("skip", o.skip, "Linear paths beside the hidden layers: from genes to latent, from latent to genes.");
  v.field("start", o.start,
          "pca: the linear paths begin as whitened principal components of the training cells and the hidden layers as 0; "
          "pca_shrunk: of a covariance shrunk to its diagonal as validation cells prefer.");
  v.field("output", o.output, "What the output ends with: identity, or relu or softplus for values that are never negative.");
  v.section("input", o.input, "What the encoder sees.");
  v.field("condition", o.condition,
          "What the decoder is told of a cell: `perturbation`, and obs columns such as a batch; empty tells nothing.");
  v.section("conditioning", o.conditioning, "How conditions are told.");
  v.field("reduction", o.reconstruction_reduction,
          "Squared error or minus log-likelihood over genes: mean, or sum; over cells the mean.");
  if (o.type != ModelType::vae) return;
  v.section("kl", o.kl, "The Kullback-Leibler term.");
  v.field("likelihood", o.likelihood,
          "Of a cell: mse (squared error), gaussian, or of its counts nb (negative binomial) or zinb (with a gate for zeros).");
  v.field("variance", o.variance, "gaussian: one variance for all genes, or one for each.");
  v.field("dispersion", o.dispersion,
          "nb, zinb: one dispersion for each gene, or one for each gene under each perturbation (controls are one).");
  v.field("library", o.library, "nb, zinb: the library size of a cell is as observed, or the decoder says it.");
  v.field("rates", o.rates,
          "nb, zinb: rates of genes are exponentials of the decoder's outputs, each for itself, or shares of the library (a "
          "softmax over the genes and one for all that was not selected).");
  v.section("sample", o.sample, "Where generated cells come from.");
}

/// Models by name, in the order of the file.
using ModelSet = std::vector<std::pair<std::string, ModelOptions>>;

}  // namespace sparcell
