// The inner loops of layers that are an activation of a product and a bias, on plain pointers: so they
// vectorize. SiLU, whose exponential takes most of the time, has wide ones.
#pragma once

#include <cstdint>

#include "cpu/wide.h"
#include "math/activation.h"

namespace sparcell::cpu {

template <class T, class Act>
inline __attribute__((always_inline)) void plain_loop(Act activation, std::int64_t count, T scale,
                                                      const T* bias, T* a, T* h) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < count; ++c) {
    const T sum = scale * a[c] + (bias == nullptr ? T(0) : bias[c]);
    a[c] = sum;
    h[c] = activation.value(sum);
  }
}

template <class T, class Act>
inline __attribute__((always_inline)) void plain_back_loop(Act activation, std::int64_t count, T scale,
                                                           const T* a, const T* grad_out, T* grad, T* sums) {
#pragma GCC ivdep
  for (std::int64_t c = 0; c < count; ++c) {
    const T at = grad_out[c] * activation.first(a[c]);
    sums[c] += at;
    grad[c] = scale * at;
  }
}

/// a = scale * a + bias (none where it is null), h = act(a); they may be one.
template <class T, class Act>
void plain_forward(Act activation, std::int64_t count, T scale, const T* bias, T* a, T* h) {
  plain_loop(activation, count, scale, bias, a, h);
}
SPARCELL_WIDE static void plain_forward(math::Silu silu, std::int64_t count, float scale, const float* bias,
                                        float* a, float* h) {
  plain_loop(silu, count, scale, bias, a, h);
}

/// The gradient at a = grad_out * act'(a): adds it to `sums`, grad = scale * it.
template <class T, class Act>
void plain_backward(Act activation, std::int64_t count, T scale, const T* a, const T* grad_out, T* grad,
                    T* sums) {
  plain_back_loop(activation, count, scale, a, grad_out, grad, sums);
}
SPARCELL_WIDE static void plain_backward(math::Silu silu, std::int64_t count, float scale, const float* a,
                                         const float* grad_out, float* grad, float* sums) {
  plain_back_loop(silu, count, scale, a, grad_out, grad, sums);
}

}  // namespace sparcell::cpu
