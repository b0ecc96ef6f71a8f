// The layers of the autoencoder's two networks; the decoder mirrors the encoder.
#pragma once

#include "model/layer_shape.h"

namespace sparcell {

/// From `genes` features to the last hidden layer or, of an autoencoder, to the latent one; `input_major` is
/// the first weight's.
std::vector<LayerShape> encoder_layers(const ModelOptions& options, std::int64_t genes, bool input_major);

/// From the latent layer to what the likelihood wants of `genes`.
std::vector<LayerShape> decoder_layers(const ModelOptions& options, std::int64_t genes);

}  // namespace sparcell
