// What the layers of a network are: Linear, normalization, activation, dropout.
#pragma once

#include <cstdint>
#include <vector>

#include "sparcell/model.h"
#include "sparcell/ops/layer.h"

namespace sparcell {

struct LayerShape {
  std::int64_t in = 0;
  std::int64_t out = 0;
  NormalizationLayer normalization = NormalizationLayer::none;
  Activation activation = Activation::identity;
  double slope = 0.2;
  double dropout = 0;
  bool hidden = true;  ///< false: a bare Linear
  bool spectral_norm = false;
  bool input_major = false;  ///< weight stored in x out: the first layer on sparse or loaded batches
  std::int64_t beside = 0;   ///< of `in`, the last ones: what stands beside the output of the layer before
  bool deviation = false;    ///< that is the deviation of its cells in each pass (ops/minibatch_deviation.h)
};

/// The hidden layers that `options` describes, from `in` features on.
std::vector<LayerShape> hidden_layers(const NetworkOptions& options, std::int64_t in);

/// A bare Linear.
LayerShape linear_layer(std::int64_t in, std::int64_t out);

}  // namespace sparcell
