// What a GAN is beside its latent dimensions and conditions.
#pragma once

#include <cstdint>

#include "sparcell/core/describe.h"
#include "sparcell/model/network_options.h"

namespace sparcell {

enum class GanLoss { bce, wgan, hinge };
template <>
struct Names<GanLoss> {
  static constexpr std::string_view values[] = {"bce", "wgan", "hinge"};
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

}  // namespace sparcell
