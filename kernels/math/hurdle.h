// Formulas of sparcell/ops/hurdle.h.
#pragma once

#include "math/activation.h"
#include "math/philox.h"

namespace sparcell::math {

/// Added to p (1 - p), so that genes that are nearly never or nearly always zero do not rule the sum.
inline constexpr double zero_share_floor = 0.005;

/// A logistic number from a word: sigmoid(l) is the probability that it is above -l.
template <class T>
SPARCELL_HD T logistic(std::uint32_t word) {
  const T u = uniform<T>(word);
  return log(u) - log(T(1) - u);
}

/// Gradients at a value and at its gate.
template <class T>
struct HurdleGradient {
  T value, gate;
};

template <class T>
SPARCELL_HD T hurdle_value(T value, T gate, T noise) {
  return gate + noise > T(0) ? softplus(value) : T(0);
}

template <class T>
SPARCELL_HD HurdleGradient<T> hurdle_gradient(T value, T gate, T noise, T inverse_temperature, T grad) {
  const T drawn = gate + noise, soft = sigmoid(drawn * inverse_temperature);
  return {drawn > T(0) ? grad * sigmoid(value) : T(0),
          grad * softplus(value) * (soft * (T(1) - soft) * inverse_temperature)};
}

/// 1 / (p (1 - p) + floor).
template <class T>
SPARCELL_HD double zero_share_weight(T share) {
  const auto p = static_cast<double>(share);
  return 1 / (p * (1 - p) + zero_share_floor);
}

}  // namespace sparcell::math
