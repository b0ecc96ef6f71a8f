// Layer normalization of a layer on the CPU, and what it shares with the column slabs of layer.cpp.
#pragma once

#include <algorithm>
#include <cmath>

#include "cpu/dropout.h"
#include "cpu/normalized_loops.h"
#include "cpu/reduce.h"
#include "math/activation.h"
#include "sparcell/core/parallel.h"
#include "sparcell/ops/layer.h"

namespace sparcell::cpu {

/// Columns [first, first + count) of every row.
struct Slab {
  std::int64_t first;
  std::int64_t count;
};

/// The factor of a pass's matrix product.
template <class T>
T scale_of(const LayerPass<T>& pass) {
  return pass.scale == nullptr ? T(1) : *pass.scale;
}

/// Dropout's factors of `count` <= keep_tile elements: 1 where the layer drops nothing.
template <class T>
void keep_scales(const LayerForm& form, const math::PhiloxStream& stream, std::int64_t first,
                 std::int64_t count, T* scales) {
  if (form.training && form.dropout > 0) {
    fill_keep_scales(stream, static_cast<std::uint64_t>(first), count, static_cast<T>(form.dropout), scales);
  } else {
    std::fill(scales, scales + count, T(1));
  }
}

/// Calls body(slab) for the slabs of one row.
template <class Body>
void for_each_tile(std::int64_t cols, Body&& body) {
  for (std::int64_t first = 0; first < cols; first += keep_tile)
    body(Slab{first, std::min(keep_tile, cols - first)});
}

template <class T, class Act>
void layer_norm_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                        const LayerPass<T>& pass, Act activation, MatrixView<T> linear, MatrixView<T> out) {
  const math::PhiloxStream stream(pass.dropout);
  const PassStatistics<T>& statistics = pass.statistics;
  const T scale = scale_of(pass);
  const T cols = static_cast<T>(linear.cols);
  const T *bias = parameters.bias.data(), *weight = parameters.weight.data(),
          *offset = parameters.offset.data();
  parallel_for(context.threads(), linear.rows, 4, [&](std::int64_t r) {
    T* a = linear.row(r);
    if (parameters.bias.empty()) {
      for (std::int64_t c = 0; c < linear.cols; ++c) a[c] = scale * a[c];
    } else {
#pragma GCC ivdep
      for (std::int64_t c = 0; c < linear.cols; ++c) a[c] = scale * a[c] + bias[c];
    }
    const T mean = static_cast<T>(lane_sum<T>(linear.cols, [&](std::int64_t c) { return a[c]; })) / cols;
    const T squares = static_cast<T>(
        lane_sum<T>(linear.cols, [&](std::int64_t c) { return (a[c] - mean) * (a[c] - mean); }));
    const T inverse = T(1) / std::sqrt(squares / cols + static_cast<T>(normalization_epsilon));
    statistics.mean[r] = mean;
    statistics.inverse_deviation[r] = inverse;
    for_each_tile(linear.cols, [&](Slab slab) {
      T keep[keep_tile];
      keep_scales(form, stream, r * linear.cols + slab.first, slab.count, keep);
      activate_normalized(activation,
                          NormalizedRow<T>{slab.count, mean, inverse, a + slab.first, weight + slab.first,
                                           offset + slab.first, keep},
                          out.row(r) + slab.first);
    });
  });
}

/// The gradient at the normalized value y of one slab of one row.
template <class T, class Act>
void gradient_at_normalized(const LayerForm& form, const LayerParameters<T>& parameters,
                            PassStatistics<T> statistics, const math::PhiloxStream& stream, Act activation,
                            MatrixView<const T> a, MatrixView<const T> grad_out, std::int64_t r, Slab slab,
                            T* normalized, T* gradient) {
  T keep[keep_tile];
  keep_scales(form, stream, r * a.cols + slab.first, slab.count, keep);
  const NormalizedRow<T> row{slab.count,
                             statistics.mean[r],
                             statistics.inverse_deviation[r],
                             a.row(r) + slab.first,
                             parameters.weight.data() + slab.first,
                             parameters.offset.data() + slab.first,
                             keep};
  differentiate_normalized(activation, row, grad_out.row(r) + slab.first, normalized, gradient);
}

/// The gradient at the normalized values times their weights, into grad_linear, which may be grad_out; adds
/// to the gradients of weight and offset.
template <class T, class Act>
void layer_norm_weights(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                        const LayerPass<T>& pass, Act activation, MatrixView<const T> a,
                        MatrixView<const T> grad_out, MatrixView<T> grad_linear,
                        LayerGradients<T> gradients) {
  const math::PhiloxStream stream(pass.dropout);
  parallel_for(context.threads(), (a.cols + keep_tile - 1) / keep_tile, 1, [&](std::int64_t s) {
    const Slab slab{s * keep_tile, std::min(keep_tile, a.cols - s * keep_tile)};
    const T* w = parameters.weight.data() + slab.first;
    T normalized[keep_tile], gradient[keep_tile], by_weight[keep_tile] = {}, by_offset[keep_tile] = {};
    for (std::int64_t r = 0; r < a.rows; ++r) {
      gradient_at_normalized(form, parameters, pass.statistics, stream, activation, a, grad_out, r, slab,
                             normalized, gradient);
      T* to = grad_linear.row(r) + slab.first;
#pragma GCC ivdep
      for (std::int64_t i = 0; i < slab.count; ++i) {
        by_weight[i] += gradient[i] * normalized[i];
        by_offset[i] += gradient[i];
        to[i] = gradient[i] * w[i];
      }
    }
    for (std::int64_t i = 0; i < slab.count; ++i) {
      if (!gradients.weight.empty()) gradients.weight[slab.first + i] += by_weight[i];
      if (!gradients.offset.empty()) gradients.offset[slab.first + i] += by_offset[i];
    }
  });
}

/// The gradient at a, into grad_linear (without the layer's scale).
template <class T, class Act>
void layer_norm_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                         const LayerPass<T>& pass, Act activation, MatrixView<const T> a,
                         MatrixView<const T> grad_out, MatrixView<T> grad_linear,
                         LayerGradients<T> gradients) {
  layer_norm_weights(context, form, parameters, pass, activation, a, grad_out, grad_linear, gradients);
  parallel_for(context.threads(), a.rows, 4, [&](std::int64_t r) {
    T* to = grad_linear.row(r);
    const T* x = a.row(r);
    const T center = pass.statistics.mean[r], inverse = pass.statistics.inverse_deviation[r];
    const auto mean_of = [&](auto&& term) {
      return static_cast<T>(lane_sum<T>(a.cols, term)) / static_cast<T>(a.cols);
    };
    const T mean = mean_of([&](std::int64_t c) { return to[c]; });
    const T slope = mean_of([&](std::int64_t c) { return to[c] * ((x[c] - center) * inverse); });
#pragma GCC ivdep
    for (std::int64_t c = 0; c < a.cols; ++c)
      to[c] = inverse * (to[c] - mean - (x[c] - center) * inverse * slope);
  });
}

}  // namespace sparcell::cpu
