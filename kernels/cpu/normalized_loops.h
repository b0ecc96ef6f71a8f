// The inner loops over normalized values, on plain pointers: so they vectorize. SiLU, whose exponential takes
// most of the time of a layer with layer normalization, has wide ones.
#pragma once

#include <cstdint>

#include "cpu/wide.h"
#include "math/activation.h"

namespace sparcell::cpu {

/// Values x of a row with its statistics, and the weights, offsets and dropout's factors of their columns.
template <class T>
struct NormalizedRow {
  std::int64_t count;
  T mean, inverse;
  const T *x, *weight, *offset, *keep;
};

template <class T, class Act>
inline __attribute__((always_inline)) void activate_loop(Act activation, const NormalizedRow<T>& row, T* h) {
  const T mean = row.mean, inverse = row.inverse;
  const T *x = row.x, *weight = row.weight, *offset = row.offset, *keep = row.keep;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < row.count; ++i)
    h[i] = activation.value((x[i] - mean) * inverse * weight[i] + offset[i]) * keep[i];
}

template <class T, class Act>
inline __attribute__((always_inline)) void differentiate_loop(Act activation, const NormalizedRow<T>& row,
                                                              const T* grad_out, T* normalized, T* gradient) {
  const T mean = row.mean, inverse = row.inverse;
  const T *x = row.x, *weight = row.weight, *offset = row.offset, *keep = row.keep;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < row.count; ++i) {
    normalized[i] = (x[i] - mean) * inverse;
    gradient[i] = grad_out[i] * keep[i] * activation.first(normalized[i] * weight[i] + offset[i]);
  }
}

/// h = act(y) * keep, y = (x - mean) * inverse * weight + offset
template <class T, class Act>
void activate_normalized(Act activation, const NormalizedRow<T>& row, T* h) {
  activate_loop(activation, row, h);
}
SPARCELL_WIDE static void activate_normalized(math::Silu silu, const NormalizedRow<float>& row, float* h) {
  activate_loop(silu, row, h);
}

/// normalized = (x - mean) * inverse, gradient = grad_out * keep * act'(y)
template <class T, class Act>
void differentiate_normalized(Act activation, const NormalizedRow<T>& row, const T* grad_out, T* normalized,
                              T* gradient) {
  differentiate_loop(activation, row, grad_out, normalized, gradient);
}
SPARCELL_WIDE static void differentiate_normalized(math::Silu silu, const NormalizedRow<float>& row,
                                                   const float* grad_out, float* normalized,
                                                   float* gradient) {
  differentiate_loop(silu, row, grad_out, normalized, gradient);
}

}  // namespace sparcell::cpu
