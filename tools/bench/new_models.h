// The models beyond the course's, each beside the course's model of the same widths: what both devices'
// benchmarks take steps of. Both of a pair read the same cells.
#pragma once

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "model/trainable.h"

namespace sparcell::bench {

/// A new model may cost this many times the course's of the same widths.
inline constexpr double pair_goal = 1.3;

struct ModelPair {
  std::string name;
  std::string title;   ///< what is measured
  std::string widths;  ///< hidden layers and latent dimensions of both, and what the new one has beside them
  ModelOptions model, course;
};

inline ModelOptions of_the_course(ModelType type) {
  ModelOptions o;
  o.type = type;
  o.train.batch = 128;
  o.train.optimizer.weight_decay = 1e-5;
  if (type == ModelType::vae) o.network.dropout = {0.2, 0.0}, o.decoder_dropout = {0.1, 0.2};
  for (OptimizerOptions* of_gan : {&o.train.generator, &o.train.critic})
    *of_gan = {.learning_rate = 2e-4, .betas = {0.5, 0.999}, .weight_decay = 1e-5};
  return o;
}

/// experiments/strong_ae.yaml; where training starts has no time.
inline ModelOptions strong_ae() {
  ModelOptions o = of_the_course(ModelType::autoencoder);
  o.network = {.hidden = {256},
               .normalization = NormalizationLayer::none,
               .activation = Activation::silu,
               .dropout = {}};
  o.skip = true;
  o.output = OutputActivation::relu;
  o.input = {.standardize = true, .mix = 0.6};
  o.train.optimizer = {.type = OptimizerType::adamw, .learning_rate = 3e-4, .betas = {0.9, 0.99}};
  return o;
}

/// experiments/strong_vae.yaml
inline ModelOptions strong_vae() {
  ModelOptions o = of_the_course(ModelType::vae);
  o.network = {.hidden = {64},
               .normalization = NormalizationLayer::layer,
               .activation = Activation::silu,
               .dropout = {0.2}};
  o.decoder_dropout = {0.0};
  o.latent = 10;
  o.likelihood = LikelihoodType::nb;
  o.rates = RateLink::softmax;
  o.reconstruction_reduction = o.kl.reduction = Reduction::sum;
  o.train.optimizer = {.type = OptimizerType::adamw, .weight_decay = 1e-4};
  return o;
}

/// A value and a gate for every gene, library sizes, and the term for shares of zeros.
inline void add_zeros_and_libraries(GanOptions& o) {
  o.output = GeneratorOutput::hurdle;
  o.library = LibraryUse::output;
  o.sparsity = {.term = SparsityTerm::zero_share, .weight = 214};
}

/// experiments/strong_gan.yaml
inline ModelOptions strong_gan() {
  ModelOptions o = of_the_course(ModelType::gan);
  o.gan.generator = {.hidden = {256, 256}, .dropout = {}};
  o.gan.critic = {.hidden = {256, 256},
                  .normalization = NormalizationLayer::none,
                  .activation = Activation::leaky_relu,
                  .slope = 0.2,
                  .dropout = {}};
  add_zeros_and_libraries(o.gan);
  o.gan.loss = GanLoss::wgan;
  o.gan.latent_draw = LatentDraw::per_update;
  o.gan.label_smoothing = o.gan.instance_noise = 0;
  o.gan.gradient_penalty = {.weight = 10, .target = 1, .on = PenaltyOn::logit};
  o.gan.spectral_norm = false;
  o.gan.weight_average = 0.998;
  for (OptimizerOptions* of_gan : {&o.train.generator, &o.train.critic})
    *of_gan = {.learning_rate = 5e-4, .betas = {0, 0.9}};
  return o;
}

/// The course's model with another's widths; its dropout stays.
inline ModelOptions with_widths_of(const ModelOptions& other, ModelOptions course) {
  course.latent = other.latent;
  const auto take = [](const NetworkOptions& from, NetworkOptions& to) {
    to.hidden = from.hidden;
    to.dropout.resize(to.hidden.size());
  };
  take(other.network, course.network);
  if (!course.decoder_dropout.empty()) course.decoder_dropout.resize(other.network.hidden.size());
  take(other.gan.generator, course.gan.generator);
  take(other.gan.critic, course.gan.critic);
  return course;
}

inline std::vector<ModelPair> model_pairs() {
  const ModelOptions ae = of_the_course(ModelType::autoencoder), vae = of_the_course(ModelType::vae),
                     gan = of_the_course(ModelType::gan);
  const auto changed = [](ModelOptions options, auto&& change) {
    change(options);
    return options;
  };
  const auto likelihood = [&](LikelihoodType type) {
    return changed(vae, [&](ModelOptions& o) { o.likelihood = type; });
  };
  const auto recipe = [](const char* name, const char* title, const char* widths, const ModelOptions& model,
                         const ModelOptions& course) {
    return ModelPair{name, title, widths, model, with_widths_of(model, course)};
  };
  return {recipe("strong_ae", "strong_ae", "256/64; linear paths beside", strong_ae(), ae),
          {"ae_skip_mix", "AE course with linear paths, mix, output relu", "256/128/64; linear paths beside",
           changed(ae,
                   [](ModelOptions& o) {
                     o.skip = true;
                     o.output = OutputActivation::relu;
                     o.input = {.standardize = true, .mix = 0.6};
                   }),
           ae},
          recipe("strong_vae", "strong_vae (nb)", "64/10; shares of the library, which is an input too",
                 strong_vae(), vae),
          {"vae_skip_nb", "VAE with linear paths, nb", "256/10; linear paths beside, log library as an input",
           changed(strong_vae(),
                   [](ModelOptions& o) {
                     o.network.hidden = {256};
                     o.skip = true;
                     o.rates = RateLink::exp;
                   }),
           with_widths_of(changed(strong_vae(), [](ModelOptions& o) { o.network.hidden = {256}; }), vae)},
          {"vae_nb", "VAE course, nb", "256/128/64; log library as an input", likelihood(LikelihoodType::nb),
           vae},
          {"vae_zinb", "VAE course, zinb", "256/128/64; the decoder has a second head, of gates",
           likelihood(LikelihoodType::zinb), vae},
          {"vae_gaussian", "VAE course, gaussian with a variance of every gene", "256/128/64",
           likelihood(LikelihoodType::gaussian), vae},
          recipe("strong_gan", "strong_gan", "256/256 and 256/256; the generator has a second head, of gates",
                 strong_gan(), gan),
          {"gan_hurdle", "GAN course, hurdle, library output, zero_share",
           "512/512/256 and 512/256/128; the generator has a second head, of gates",
           changed(gan, [](ModelOptions& o) { add_zeros_and_libraries(o.gan); }), gan}};
}

/// Models small enough for a rehearsal.
inline ModelOptions shrunk(ModelOptions o) {
  const auto narrow = [](NetworkOptions& n) {
    for (std::size_t i = 0; i < n.hidden.size(); ++i) n.hidden[i] = 20 - 4 * static_cast<std::int64_t>(i);
  };
  narrow(o.network), narrow(o.gan.generator), narrow(o.gan.critic);
  o.latent = 6;
  o.train.batch = 16;
  return o;
}

/// Cells as a file of counts gives them: x = log1p of counts brought to the median library.
struct CountCells {
  Csr<float> x;
  RawCounts raw;
};

/// `uniform()` draws of (0, 1). Counts are 1 to 12 but for two in a hundred, as those of UMIs are.
template <class Uniform>
CountCells count_cells(std::int64_t cells, std::int64_t genes, double density, Uniform&& uniform) {
  CountCells c;
  c.x.rows = cells;
  c.x.cols = genes;
  c.raw.target_sum = 2.5 * density * static_cast<double>(genes);
  c.raw.log1p = true;
  for (std::int64_t r = 0; r < cells; ++r) {
    double library = 0;
    for (std::int64_t g = 0; g < genes; ++g) {
      if (uniform() > density) continue;
      const double count = std::floor(1 / std::sqrt(1 - 0.9999 * uniform()) * (1 + uniform()));
      c.x.indices.push_back(static_cast<std::int32_t>(g));
      c.raw.values.push_back(static_cast<float>(count));
      library += count;
    }
    c.raw.library.push_back(library);
    for (std::size_t k = c.x.values.size(); k < c.x.indices.size(); ++k)
      c.x.values.push_back(normalized(static_cast<double>(c.raw.values[k]), library, c.raw));
    c.x.offsets.push_back(static_cast<std::int64_t>(c.x.indices.size()));
  }
  return c;
}

template <class T>
DeviceData<T> data_for(Context& context, const ModelOptions& options, const CountCells& cells) {
  if (options.of_counts()) return DeviceData<T>(context, cells.raw, cells.x);
  return DeviceData<T>(context, cells.x, Scaler{});
}

/// Moments as experiment/training_start takes them, but dispersions of 1: what values are has no time.
inline TrainingStart start_from(const CountCells& cells) {
  const Csr<float>& x = cells.x;
  const auto genes = static_cast<std::size_t>(x.cols);
  const auto n = static_cast<double>(x.rows);
  TrainingStart start;
  start.mean.assign(genes, 0);
  start.deviation.assign(genes, 0);
  start.dispersion.assign(genes, 1);
  start.genes.rows = x.cols;
  start.genes.cols = x.rows;
  start.genes.offsets.assign(genes + 1, 0);
  for (const std::int32_t g : x.indices) ++start.genes.offsets[g + 1];
  for (std::size_t g = 0; g < genes; ++g) start.genes.offsets[g + 1] += start.genes.offsets[g];
  std::vector<std::int64_t> next(start.genes.offsets.begin(), start.genes.offsets.end() - 1);
  start.genes.indices.resize(x.indices.size());
  start.genes.values.resize(x.indices.size());
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) {
      const std::int64_t to = next[x.indices[k]]++;
      start.genes.indices[to] = static_cast<std::int32_t>(r);
      start.genes.values[to] = x.values[k];
      start.mean[x.indices[k]] += static_cast<double>(x.values[k]) / n;
      start.deviation[x.indices[k]] +=
          static_cast<double>(x.values[k]) * static_cast<double>(x.values[k]) / n;
    }
  }
  for (std::size_t g = 0; g < genes; ++g) {
    start.deviation[g] = std::sqrt(start.deviation[g] - start.mean[g] * start.mean[g]);
    start.rate.push_back(std::max(start.mean[g], 1e-3));
  }
  return start;
}

}  // namespace sparcell::bench
