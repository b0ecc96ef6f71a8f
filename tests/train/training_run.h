// A small data set and one model's training on it, for tests of the training loop.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/trainable.h"
#include "support/device_arrays.h"
#include "support/sparse.h"
#include "train/trainer.h"

namespace sparcell::test {

/// Sparse cells, some of them and some genes empty, or (density 1) cells without zeros. Values are multiples
/// of 1/8.
inline Csr<float> small_cells(std::int64_t cells, std::int64_t genes, double density = 0.2) {
  if (density < 1) {
    return random_csr<float>(cells, genes, density, 17,
                             [](auto& generator) { return static_cast<double>(1 + generator() % 16) / 8; });
  }
  std::mt19937 generator(17);
  std::vector<std::vector<double>> rows(static_cast<std::size_t>(cells));
  for (auto& row : rows) {
    for (std::int64_t g = 0; g < genes; ++g) row.push_back(static_cast<double>(1 + generator() % 16) / 8);
  }
  return csr_of<float>(rows);
}

/// The first cells train, the last `validation` validate.
inline Split split_of(std::int64_t cells, std::int64_t validation) {
  Split split;
  for (std::int32_t cell = 0; cell < cells; ++cell)
    (cell < cells - validation ? split.train : split.validation).push_back(cell);
  return split;
}

/// Small networks without dropout.
inline ModelOptions small_model(ModelType type) {
  ModelOptions options;
  options.type = type;
  options.latent = 6;
  options.network = {.hidden = {24, 12},
                     .normalization = NormalizationLayer::batch,
                     .activation = Activation::relu,
                     .dropout = {}};
  options.gan.generator = {.hidden = {12, 24},
                           .normalization = NormalizationLayer::batch,
                           .activation = Activation::leaky_relu,
                           .dropout = {}};
  options.gan.critic = {.hidden = {24, 12},
                        .normalization = NormalizationLayer::none,
                        .activation = Activation::leaky_relu,
                        .dropout = {}};
  options.train.epochs = 3;
  options.train.batch = 8;
  return options;
}

/// What a GAN takes from its training cells before the first step.
inline TrainingStart start_of(const Csr<float>& x, const Split& split) {
  TrainingStart start;
  start.genes.rows = x.cols;
  start.genes.cols = static_cast<std::int64_t>(split.train.size());
  for (std::int32_t gene = 0; gene < x.cols; ++gene) {
    for (std::size_t i = 0; i < split.train.size(); ++i) {
      for (std::int64_t k = x.offsets[split.train[i]]; k < x.offsets[split.train[i] + 1]; ++k) {
        if (x.indices[k] != gene) continue;
        start.genes.indices.push_back(static_cast<std::int32_t>(i));
        start.genes.values.push_back(x.values[k]);
      }
    }
    start.genes.offsets.push_back(static_cast<std::int64_t>(start.genes.values.size()));
  }
  return start;
}

/// A penalised Wasserstein critic and averaged weights: a GAN that finds means of small worlds.
inline void make_averaged_wgan(GanOptions& gan) {
  gan.loss = GanLoss::wgan;
  gan.spectral_norm = false;
  gan.instance_noise = 0;
  gan.sparsity.weight = 0;
  gan.latent_draw = LatentDraw::per_update;
  gan.gradient_penalty = {.weight = 1, .target = 1, .on = PenaltyOn::logit};
  gan.weight_average = 0.98;
}

/// A GAN with everything that has a state beside its weights.
inline ModelOptions strong_gan() {
  ModelOptions options = small_model(ModelType::gan);
  GanOptions& gan = options.gan;
  gan.loss = GanLoss::wgan;
  gan.spectral_norm = false;
  gan.instance_noise = 0;
  gan.latent_draw = LatentDraw::per_update;
  gan.gradient_penalty = {.weight = 10, .target = 1, .on = PenaltyOn::logit};
  gan.output = GeneratorOutput::hurdle;
  gan.sparsity = {.term = SparsityTerm::zero_share, .weight = 200};
  gan.library = LibraryUse::output;
  gan.weight_average = 0.9;
  options.train.generator = options.train.critic = {.learning_rate = 1e-3, .betas = {0, 0.9}};
  options.train.schedule = {.type = ScheduleType::linear};
  return options;
}

struct TrainingRun {
  TrainingRun(const ModelOptions& model_options, const Csr<float>& x, const Split& cells,
              std::uint64_t seed = 1, int threads = 1)
      : options(model_options), split(cells), context(test_context(threads)), data(context, x, {}) {
    model = make_model<float>(context, options, data, seed);
    model->initialize();
    if (options.gan.output == GeneratorOutput::hurdle || options.gan.library != LibraryUse::none)
      model->begin_from(start_of(x, cells));
    trainer.emplace(context, *model, options, split, seed);
  }
  TrainingRun(const TrainingRun&) = delete;

  TrainResult run(const TrainHooks& hooks = {}) { return trainer->run(hooks); }

  ModelOptions options;
  Split split;
  Context context;
  DeviceData<float> data;
  std::unique_ptr<Trainable<float>> model;
  std::optional<Trainer> trainer;
};

inline TrainHooks on_epoch(std::function<void(const EpochRecord&)> use) {
  TrainHooks hooks;
  hooks.on_epoch = std::move(use);
  return hooks;
}

inline double part(const LossParts& parts, const std::string& name) {
  for (const auto& [key, value] : parts) {
    if (key == name) return value;
  }
  throw InternalError("no loss part {}", name);
}

/// Every tensor that training moves, with its moments, in one list.
inline std::vector<NamedTensor> all_tensors(Trainable<float>& model) {
  TensorSnapshot tensors = snapshot(model, true);
  std::vector<NamedTensor> all;
  for (auto* from : {&tensors.parameters, &tensors.buffers, &tensors.first_moments, &tensors.second_moments})
    all.insert(all.end(), from->begin(), from->end());
  return all;
}

inline bool equal_bits(const std::vector<NamedTensor>& a, const std::vector<NamedTensor>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const NamedTensor& x, const NamedTensor& y) {
    return x.name == y.name && x.shape == y.shape && x.values == y.values;
  });
}

}  // namespace sparcell::test
