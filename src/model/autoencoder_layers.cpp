#include "model/autoencoder_layers.h"

#include <algorithm>

#include "model/likelihood.h"

namespace sparcell {

std::vector<LayerShape> encoder_layers(const ModelOptions& options, std::int64_t genes, bool input_major) {
  std::vector<LayerShape> layers = hidden_layers(options.network, genes);
  if (options.type == ModelType::autoencoder) {
    layers.push_back(linear_layer(layers.empty() ? genes : layers.back().out, options.latent));
  }
  layers.front().input_major = input_major;
  return layers;
}

std::vector<LayerShape> decoder_layers(const ModelOptions& options, std::int64_t genes) {
  NetworkOptions mirrored = options.network;
  std::reverse(mirrored.hidden.begin(), mirrored.hidden.end());
  std::reverse(mirrored.dropout.begin(), mirrored.dropout.end());
  if (!options.decoder_dropout.empty()) mirrored.dropout = options.decoder_dropout;
  std::vector<LayerShape> layers = hidden_layers(mirrored, options.latent);
  layers.push_back(
      linear_layer(layers.empty() ? options.latent : layers.back().out, decoder_outputs(options, genes)));
  if (options.output != OutputActivation::identity) {
    layers.back().hidden = true;
    layers.back().activation =
        options.output == OutputActivation::relu ? Activation::relu : Activation::softplus;
  }
  return layers;
}

}  // namespace sparcell
