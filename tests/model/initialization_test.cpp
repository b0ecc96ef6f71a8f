// Initial weights: the distribution that MODELS.md names (PyTorch's Linear, BatchNorm1d, LayerNorm and
// spectral_norm).
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "model/network.h"

namespace sparcell::testing {
namespace {

/// An initialized network: 400 -> 300 (normalization) -> 50.
class Initialized {
 public:
  explicit Initialized(NormalizationLayer normalization, bool spectral_norm = false, std::uint64_t seed = 1,
                       std::uint32_t number = 0) {
    std::vector<LayerShape> layers{
        {.in = 400, .out = 300, .normalization = normalization, .spectral_norm = spectral_norm},
        linear_layer(300, 50)};
    layers.back().spectral_norm = spectral_norm;
    Network<float> network("net", layers, seed, 0, parameters_, buffers_);
    parameters_.allocate(context_, true);
    buffers_.allocate(context_, false);
    network.initialize(number);
  }

  std::vector<float> operator[](const std::string& name) const {
    for (const Arena<float>* arena : {&parameters_, &buffers_}) {
      for (std::size_t i = 0; i < arena->tensors().size(); ++i) {
        if (arena->tensors()[i].name == name) return arena->read(static_cast<int>(i));
      }
    }
    throw InternalError("no tensor {}", name);
  }

 private:
  Context context_{{}, 1};
  Arena<float> parameters_, buffers_;
};

double mean_power(const std::vector<float>& values, int power) {
  double sum = 0;
  for (float v : values) sum += std::pow(static_cast<double>(v), power);
  return sum / static_cast<double>(values.size());
}

/// Moments of the uniform distribution on +-bound within 4 standard errors; no value outside.
void expect_uniform(const std::vector<float>& values, double bound) {
  const auto n = static_cast<double>(values.size());
  EXPECT_NEAR(mean_power(values, 1), 0, 4 * bound / std::sqrt(3 * n));
  EXPECT_NEAR(mean_power(values, 2), bound * bound / 3, 4 * bound * bound * std::sqrt(4.0 / 45 / n));
  EXPECT_NEAR(mean_power(values, 4), std::pow(bound, 4) / 5,
              4 * std::pow(bound, 4) * std::sqrt(16.0 / 225 / n));
  const auto [lowest, highest] = std::minmax_element(values.begin(), values.end());
  EXPECT_GE(static_cast<double>(*lowest), -bound * (1 + 1e-6));
  EXPECT_LE(static_cast<double>(*highest), bound * (1 + 1e-6));
  if (n > 1000) {
    EXPECT_GT(static_cast<double>(*highest), 0.99 * bound);
  }
}

TEST(Initialization, LinearWeightsAndBiasesAreUniformWithinOneOverRootOfInputs) {
  const Initialized net(NormalizationLayer::batch);
  expect_uniform(net["net.0.weight"], 1 / std::sqrt(400.0));
  expect_uniform(net["net.0.bias"], 1 / std::sqrt(400.0));
  expect_uniform(net["net.4.weight"], 1 / std::sqrt(300.0));
  expect_uniform(net["net.4.bias"], 1 / std::sqrt(300.0));
}

TEST(Initialization, NormalizationsStartAsTheIdentity) {
  const std::vector<float> ones(300, 1), zeros(300, 0);
  for (NormalizationLayer normalization : {NormalizationLayer::batch, NormalizationLayer::layer}) {
    const Initialized net(normalization);
    EXPECT_EQ(net["net.1.weight"], ones);
    EXPECT_EQ(net["net.1.bias"], zeros);
    if (normalization == NormalizationLayer::layer) continue;
    EXPECT_EQ(net["net.1.running_mean"], zeros);
    EXPECT_EQ(net["net.1.running_var"], ones);
  }
}

TEST(Initialization, SpectralVectorsAreNormalizedNormals) {
  const Initialized net(NormalizationLayer::none, true);
  for (const char* name : {"net.0.weight_u", "net.0.weight_v", "net.3.weight_u", "net.3.weight_v"}) {
    const std::vector<float> values = net[name];
    const auto n = static_cast<double>(values.size());
    EXPECT_NEAR(n * mean_power(values, 2), 1, 1e-6) << name;
    EXPECT_NEAR(std::sqrt(n) * mean_power(values, 1), 0, 4 / std::sqrt(n)) << name;
    // The fourth moment tells a normal (3) from a uniform (1.8) distribution; its standard error is below
    // sqrt(96 / n).
    EXPECT_NEAR(n * n * mean_power(values, 4), 3, 4 * std::sqrt(96 / n)) << name;
  }
  EXPECT_EQ(net["net.0.weight_orig"].size(), 300u * 400);
}

TEST(Initialization, SeedsAndNetworksDrawTheirOwnNumbers) {
  const auto weight = [](std::uint64_t seed, std::uint32_t number) {
    return Initialized(NormalizationLayer::none, false, seed, number)["net.0.weight"];
  };
  EXPECT_EQ(weight(1, 0), weight(1, 0));
  EXPECT_NE(weight(1, 0), weight(2, 0));
  EXPECT_NE(weight(1, 0), weight(1, 1));
}

TEST(Initialization, TensorsOfOneNetworkAreIndependent) {
  const Initialized net(NormalizationLayer::none);
  const std::vector<float> first = net["net.0.weight"], second = net["net.3.weight"];
  const double product = std::inner_product(second.begin(), second.end(), first.begin(), 0.0);
  const double spread = std::sqrt(15000.0) / (3 * std::sqrt(400.0) * std::sqrt(300.0));
  EXPECT_NEAR(product, 0, 4 * spread);
}

}  // namespace
}  // namespace sparcell::testing
