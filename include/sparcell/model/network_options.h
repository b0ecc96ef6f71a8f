// The hidden layers of a network.
#pragma once

#include <cstdint>
#include <vector>

#include "sparcell/core/describe.h"
#include "sparcell/ops/words.h"

namespace sparcell {

/// Hidden layers with dropout that one pass may go through: streams are numbered pass * 16 + layer (core/random.h).
inline constexpr std::uint32_t most_dropout_layers = 16;

/// The hidden layers of one network: Linear, normalization, activation, dropout each.
struct NetworkOptions {
  std::vector<std::int64_t> hidden;
  NormalizationLayer normalization = NormalizationLayer::batch;
  Activation activation = Activation::relu;
  double slope = 0.2;
  std::vector<double> dropout;
};

template <class Visitor>
void describe(Visitor& v, NetworkOptions& o) {
  v.field("hidden", o.hidden, possible_width, "Widths of the hidden layers.");
  v.field("normalization", o.normalization, "Normalization before the activation of every hidden layer.");
  v.field("activation", o.activation, "Activation of every hidden layer.");
  v.field("slope", o.slope, at_least(0), "Slope of leaky_relu below zero.");
  v.field("dropout", o.dropout, probability_below_one,
          "Dropout after each hidden layer: a number for all, or a list as long as hidden; not given: as by default, where "
          "further layers have the last number.");
}

}  // namespace sparcell
