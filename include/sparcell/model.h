// Station 6, model: what is trained. MODELS: autoencoder, variational autoencoder, GAN.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/train.h"

namespace sparcell {

enum class ModelType { autoencoder, vae, gan };
template <>
struct Names<ModelType> {
  static constexpr std::string_view values[] = {"autoencoder", "vae", "gan"};
};

enum class NormalizationLayer { none, batch, layer };
template <>
struct Names<NormalizationLayer> {
  static constexpr std::string_view values[] = {"none", "batch", "layer"};
};

enum class Activation { identity, relu, leaky_relu, silu, elu, tanh, softplus };
template <>
struct Names<Activation> {
  static constexpr std::string_view values[] = {"identity", "relu", "leaky_relu", "silu", "elu", "tanh", "softplus"};
};

/// Hidden layers with dropout that one pass may go through: streams are numbered pass * 16 + layer (core/random.h).
inline constexpr std::uint32_t most_dropout_layers = 16;

/// The hidden layers of one network: Linear, normalization, activation, dropout each.
struct NetworkOptions {
  std::vector<std::int64_t> hidden;
  NormalizationLayer normalization = NormalizationLayer::batch;
  Activation activation = Activation::relu;
  double slope = 0.2;
  std::vector<double> dropout;
};

template <class Visitor>
void describe(Visitor& v, NetworkOptions& o) {
  v.field("hidden", o.hidden, possible_width, "Widths of the hidden layers.");
  v.field("normalization", o.normalization, "Normalization before the activation of every hidden layer.");
  v.field("activation", o.activation, "Activation of every hidden layer.");
  v.field("slope", o.slope, at_least(0), "Slope of leaky_relu below zero.");
  v.field("dropout", o.dropout, probability_below_one,
          "Dropout after each hidden layer: a number for all, or a list as long as hidden; not given: as by default, where "
          "further layers have the last number.");
}

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

/// What an autoencoder's output layer may end with.
enum class OutputActivation { identity, relu, softplus };
template <>
struct Names<OutputActivation> {
  static constexpr std::string_view values[] = {"identity", "relu", "softplus"};
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

/// What conditions are. `embedding` is a word or the path of a table.
struct EmbeddingOptions {
  static constexpr std::string_view one_hot = "one_hot", loadings = "loadings";

  std::string embedding = std::string(one_hot);
  std::int64_t components = 10;
};

template <class Visitor>
void describe(Visitor& v, EmbeddingOptions& o) {
  v.field("embedding", o.embedding,
          "What a perturbed gene is to the model: one_hot; loadings, its row of the loadings of principal components of the "
          "training cells; or a CSV file whose first column names genes and whose others are numbers. Genes that are "
          "perturbed together add up; a control is zero.");
  v.field("components", o.components, possible_count, "Principal components of the embedding `loadings`.");
}

/// What genes that are perturbed together are beside the sum of what each is.
enum class GeneCombination { sum, learned };
template <>
struct Names<GeneCombination> {
  static constexpr std::string_view values[] = {"sum", "learned"};
};

/// How every model is told them.
struct CombinationOptions : EmbeddingOptions {
  GeneCombination combine = GeneCombination::sum;
  std::int64_t rank = 8;

  /// Numbers that genes perturbed together have beside their sum.
  std::int64_t products() const { return combine == GeneCombination::learned ? rank : 0; }
};

template <class Visitor>
void describe(Visitor& v, CombinationOptions& o) {
  describe(v, static_cast<EmbeddingOptions&>(o));
  v.field("combine", o.combine,
          "Genes that are perturbed together: sum, the sum of their vectors; learned, beside it products of what a learned "
          "matrix makes of each gene's vector, summed over pairs, so that the order of genes does not count. Of a GAN "
          "generator and critic each learn their own matrix.");
  v.field("rank", o.rank, possible_width, "Products of combine: learned.");
}

/// How an autoencoder is told them.
struct ConditioningOptions : CombinationOptions {
  bool encoder = false;
  double control_input = 0;
};

template <class Visitor>
void describe(Visitor& v, ConditioningOptions& o) {
  describe(v, static_cast<CombinationOptions&>(o));
  v.field("encoder", o.encoder, "The encoder is told the conditions too, not only the decoder.");
  v.field("control_input", o.control_input, share,
          "Share of the training cells in whose place the encoder sees a random training control, so that the decoder must "
          "learn from the conditions what makes the cell of a control; 1 trains what a prediction does.");
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

enum class GanLoss { bce, wgan, hinge };
template <>
struct Names<GanLoss> {
  static constexpr std::string_view values[] = {"bce", "wgan", "hinge"};
};

enum class PenaltyOn { probability, logit };
template <>
struct Names<PenaltyOn> {
  static constexpr std::string_view values[] = {"probability", "logit"};
};

enum class SpectralIterations { per_pass, per_step };
template <>
struct Names<SpectralIterations> {
  static constexpr std::string_view values[] = {"per_pass", "per_step"};
};

enum class LatentDraw { per_iteration, per_update };
template <>
struct Names<LatentDraw> {
  static constexpr std::string_view values[] = {"per_iteration", "per_update"};
};

struct GradientPenaltyOptions {
  double weight = 0.1;
  double target = 1;
  PenaltyOn on = PenaltyOn::probability;
};

template <class Visitor>
void describe(Visitor& v, GradientPenaltyOptions& o) {
  v.field("weight", o.weight, at_least(0), "Weight of the penalty; 0 leaves it out.");
  v.field("target", o.target, at_least(0), "Norm that the critic's input gradient is drawn to.");
  v.field("on", o.on, "Penalize the gradient of the probability (the course) or of the logit.");
}

/// What a GAN's generator ends with.
enum class GeneratorOutput { identity, relu, softplus, hurdle };
template <>
struct Names<GeneratorOutput> {
  static constexpr std::string_view values[] = {"identity", "relu", "softplus", "hurdle"};
};

/// What a GAN does about library sizes.
enum class LibraryUse { none, input, output };
template <>
struct Names<LibraryUse> {
  static constexpr std::string_view values[] = {"none", "input", "output"};
};

enum class SparsityTerm { size, zero_share };
template <>
struct Names<SparsityTerm> {
  static constexpr std::string_view values[] = {"size", "zero_share"};
};

struct SparsityOptions {
  SparsityTerm term = SparsityTerm::size;
  double weight = 0.01;
};

template <class Visitor>
void describe(Visitor& v, SparsityOptions& o) {
  v.field("term", o.term,
          "size: mean |G(z)|; zero_share: how far the gates of a hurdle are from each gene's share of zeros in training cells.");
  v.field("weight", o.weight, at_least(0), "Weight of the term in the generator's loss.");
}

/// What the critic sees of a batch beside each of its cells.
enum class MinibatchStatistic { none, deviation };
template <>
struct Names<MinibatchStatistic> {
  static constexpr std::string_view values[] = {"none", "deviation"};
};

struct GanOptions {
  NetworkOptions generator{.hidden = {512, 512, 256},
                           .normalization = NormalizationLayer::batch,
                           .activation = Activation::leaky_relu,
                           .slope = 0.2,
                           .dropout = {0.1, 0.1, 0.0}};
  NetworkOptions critic{.hidden = {512, 256, 128},
                        .normalization = NormalizationLayer::none,
                        .activation = Activation::leaky_relu,
                        .slope = 0.2,
                        .dropout = {0.3, 0.3, 0.2}};
  GanLoss loss = GanLoss::bce;
  std::int64_t critic_steps = 5;
  double label_smoothing = 0.1;
  double instance_noise = 0.01;
  LatentDraw latent_draw = LatentDraw::per_iteration;
  GeneratorOutput output = GeneratorOutput::identity;
  double gate_temperature = 0.5;
  LibraryUse library = LibraryUse::none;
  double weight_average = 0;
  MinibatchStatistic minibatch = MinibatchStatistic::none;
  GradientPenaltyOptions gradient_penalty;
  bool spectral_norm = true;
  SpectralIterations spectral_iterations = SpectralIterations::per_pass;
  SparsityOptions sparsity;
};

template <class Visitor>
void describe(Visitor& v, GanOptions& o) {
  v.section("generator", o.generator, "Network from latent to genes; `output` says how its last layer ends.");
  v.section("critic", o.critic, "Network from genes to one logit (the discriminator).");
  v.field("loss", o.loss, "Adversarial loss.");
  v.field("critic_steps", o.critic_steps, at_least(1), "Critic updates per generator update.");
  v.field("label_smoothing", o.label_smoothing, share, "Real cells have label 1 minus this (bce).");
  v.field("instance_noise", o.instance_noise, at_least(0), "Standard deviation of noise on the real batch.");
  v.field("latent_draw", o.latent_draw, "Draw z once for all updates of an iteration (the course) or for each.");
  v.field("output", o.output,
          "What the generator ends with: identity; relu or softplus for values that are never negative; hurdle: a value and a "
          "gate for each gene, so that zeros are exact.");
  v.field("gate_temperature", o.gate_temperature, above(0),
          "Hurdle: how soft the gates are on the way back (Gumbel-softmax, straight through).");
  v.field("library", o.library,
          "input: beside z stands the log library size (sum of e^x - 1 over the genes) of a training cell; output: generated "
          "cells are scaled to it as well.");
  v.field("weight_average", o.weight_average, probability_below_one,
          "Decay per step of the moving average of the generator's weights that cells are generated with; 0: the weights.");
  v.field("minibatch", o.minibatch,
          "deviation: the critic's last hidden layer sees one feature more, the standard deviation of its input over the cells "
          "of the batch, averaged over features: cells that are all alike give themselves away.");
  v.section("gradient_penalty", o.gradient_penalty, "Penalty on the norm of the critic's input gradient.");
  v.field("spectral_norm", o.spectral_norm, "Divide every critic weight by its largest singular value.");
  v.field("spectral_iterations", o.spectral_iterations, "One power iteration in every forward pass (the course) or step.");
  v.section("sparsity", o.sparsity, "Term for zeros in the generator's loss.");
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
