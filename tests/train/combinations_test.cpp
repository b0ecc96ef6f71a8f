// Every word that an ablation may change (model, normalization, activation, optimizer) trains.
#include <gtest/gtest.h>

#include <cmath>

#include "train/training_run.h"

namespace sparcell::test {
namespace {

using Case = std::tuple<ModelType, NormalizationLayer, Activation, OptimizerType>;

template <class Enum>
std::string word(Enum value) {
  return std::string(Names<Enum>::values[static_cast<std::size_t>(value)]);
}

/// A bias before batch normalization: the mean that is taken off takes it too, so its gradient is 0 but for
/// rounding.
bool without_effect(const std::vector<NamedTensor>& tensors, std::size_t i) {
  return tensors[i].name.ends_with(".bias") && i + 1 < tensors.size() &&
         tensors[i + 1].name.ends_with(".weight") && tensors[i + 1].shape.size() == 1;
}

class Combinations : public ::testing::TestWithParam<Case> {};

TEST_P(Combinations, TrainToFiniteValuesThatMoved) {
  const auto [type, normalization, activation, optimizer] = GetParam();
  ModelOptions options = small_model(type);
  for (NetworkOptions* network : {&options.network, &options.gan.generator, &options.gan.critic}) {
    network->normalization = normalization;
    network->activation = activation;
    network->dropout = {0.2, 0};
  }
  // Batch statistics couple the cells whose gradients a penalty takes one by one.
  if (normalization == NormalizationLayer::batch) options.gan.gradient_penalty.weight = 0;
  for (OptimizerOptions* o : {&options.train.optimizer, &options.train.generator, &options.train.critic}) {
    o->type = optimizer;
    o->weight_decay = 1e-4;
  }
  options.train.epochs = 2;
  options.train.clip_norm = 1;
  TrainingRun run(options, small_cells(26, 10), split_of(26, 9));
  const auto before = snapshot(*run.model, false).parameters;
  const TrainResult result = run.run();
  for (const auto& [name, value] : result.last.train) EXPECT_TRUE(std::isfinite(value)) << name;
  const auto after = snapshot(*run.model, false).parameters;
  for (std::size_t i = 0; i < after.size(); ++i) {
    for (float value : after[i].values) ASSERT_TRUE(std::isfinite(value)) << after[i].name;
    if (normalization == NormalizationLayer::batch && without_effect(after, i)) continue;
    EXPECT_NE(after[i].values, before[i].values) << after[i].name;
  }
  if (type == ModelType::gan) return;
  EXPECT_TRUE(std::isfinite(part(result.last.validation, "loss")));
}

INSTANTIATE_TEST_SUITE_P(
    Ablations, Combinations,
    ::testing::Combine(
        ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
        ::testing::Values(NormalizationLayer::none, NormalizationLayer::batch, NormalizationLayer::layer),
        ::testing::Values(Activation::identity, Activation::relu, Activation::leaky_relu, Activation::silu,
                          Activation::elu, Activation::tanh, Activation::softplus),
        ::testing::Values(OptimizerType::adam, OptimizerType::adamw)),
    [](const auto& info) {
      return word(std::get<0>(info.param)) + "_" + word(std::get<1>(info.param)) + "_" +
             word(std::get<2>(info.param)) + "_" + word(std::get<3>(info.param));
    });

TEST(Networks, WithoutHiddenLayersTrain) {
  for (ModelType type : {ModelType::autoencoder, ModelType::gan}) {
    for (double density : {0.2, 1.0}) {
      ModelOptions options = small_model(type);
      options.network.hidden = options.gan.generator.hidden = options.gan.critic.hidden = {};
      TrainingRun run(options, small_cells(24, 10, density), split_of(24, 8));
      for (const auto& [name, value] : run.run().last.train) EXPECT_TRUE(std::isfinite(value)) << name;
    }
  }
}

}  // namespace
}  // namespace sparcell::test
