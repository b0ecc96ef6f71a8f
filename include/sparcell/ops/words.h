// Words of an experiment's YAML that ops take as they are. The other words of models stand in model.h.
#pragma once

#include <string_view>

#include "sparcell/core/describe.h"

namespace sparcell {

enum class NormalizationLayer { none, batch, layer };
template <>
struct Names<NormalizationLayer> {
  static constexpr std::string_view values[] = {"none", "batch", "layer"};
};

enum class Activation { identity, relu, leaky_relu, silu, elu, tanh, softplus };
template <>
struct Names<Activation> {
  static constexpr std::string_view values[] = {"identity", "relu", "leaky_relu", "silu",
                                                "elu",      "tanh", "softplus"};
};

/// What an autoencoder's output layer may end with.
enum class OutputActivation { identity, relu, softplus };
template <>
struct Names<OutputActivation> {
  static constexpr std::string_view values[] = {"identity", "relu", "softplus"};
};

/// What a gradient penalty is of.
enum class PenaltyOn { probability, logit };
template <>
struct Names<PenaltyOn> {
  static constexpr std::string_view values[] = {"probability", "logit"};
};

}  // namespace sparcell
