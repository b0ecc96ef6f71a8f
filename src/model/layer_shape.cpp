#include "model/layer_shape.h"

namespace sparcell {

std::vector<LayerShape> hidden_layers(const NetworkOptions& options, std::int64_t in) {
  std::vector<LayerShape> layers;
  for (std::size_t i = 0; i < options.hidden.size(); ++i) {
    const double dropout =
        options.dropout.empty() ? 0.0 : options.dropout[options.dropout.size() == 1 ? 0 : i];
    layers.push_back({.in = in,
                      .out = options.hidden[i],
                      .normalization = options.normalization,
                      .activation = options.activation,
                      .slope = options.slope,
                      .dropout = dropout});
    in = options.hidden[i];
  }
  return layers;
}

LayerShape linear_layer(std::int64_t in, std::int64_t out) { return {.in = in, .out = out, .hidden = false}; }

}  // namespace sparcell
