// Layer normalization of a layer on the CPU, and what it shares with the column slabs of layer.cpp.
#pragma once

#include <algorithm>
#include <cmath>

#include "cpu/dropout.h"
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
  parallel_for(context.threads(), linear.rows, 4, [&](std::int64_t r) {
    T* a = linear.row(r);
    T sum = 0, squares = 0;
    for (std::int64_t c = 0; c < linear.cols; ++c) {
      a[c] = scale * a[c] + (parameters.bias.empty() ? T(0) : parameters.bias[c]);
      sum += a[c];
    }
    const T mean = sum / cols;
    for (std::int64_t c = 0; c < linear.cols; ++c) squares += (a[c] - mean) * (a[c] - mean);
    const T inverse = T(1) / std::sqrt(squares / cols + static_cast<T>(normalization_epsilon));
    statistics.mean[r] = mean;
    statistics.inverse_deviation[r] = inverse;
    for_each_tile(linear.cols, [&](Slab slab) {
      T keep[keep_tile];
      keep_scales(form, stream, r * linear.cols + slab.first, slab.count, keep);
      for (std::int64_t i = 0; i < slab.count; ++i) {
        const std::int64_t c = slab.first + i;
        out(r, c) =
            activation.value((a[c] - mean) * inverse * parameters.weight[c] + parameters.offset[c]) * keep[i];
      }
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
  for (std::int64_t i = 0; i < slab.count; ++i) {
    const std::int64_t c = slab.first + i;
    normalized[i] = (a(r, c) - statistics.mean[r]) * statistics.inverse_deviation[r];
    gradient[i] = grad_out(r, c) * keep[i] *
                  activation.first(normalized[i] * parameters.weight[c] + parameters.offset[c]);
  }
}

/// Adds to the gradients of weight and offset; reads grad_out, so it stands before grad_linear overwrites it.
template <class T, class Act>
void layer_norm_parameter_gradients(Context& context, const LayerForm& form,
                                    const LayerParameters<T>& parameters, const LayerPass<T>& pass,
                                    Act activation, MatrixView<const T> a, MatrixView<const T> grad_out,
                                    LayerGradients<T> gradients) {
  const math::PhiloxStream stream(pass.dropout);
  if (gradients.weight.empty() && gradients.offset.empty()) return;
  parallel_for(context.threads(), (a.cols + keep_tile - 1) / keep_tile, 1, [&](std::int64_t s) {
    const Slab slab{s * keep_tile, std::min(keep_tile, a.cols - s * keep_tile)};
    T normalized[keep_tile], gradient[keep_tile];
    for (std::int64_t r = 0; r < a.rows; ++r) {
      gradient_at_normalized(form, parameters, pass.statistics, stream, activation, a, grad_out, r, slab,
                             normalized, gradient);
      for (std::int64_t i = 0; i < slab.count; ++i) {
        if (!gradients.weight.empty()) gradients.weight[slab.first + i] += gradient[i] * normalized[i];
        if (!gradients.offset.empty()) gradients.offset[slab.first + i] += gradient[i];
      }
    }
  });
}

/// The gradient at a, into grad_linear (without the layer's scale).
template <class T, class Act>
void layer_norm_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                         const LayerPass<T>& pass, Act activation, MatrixView<const T> a,
                         MatrixView<const T> grad_out, MatrixView<T> grad_linear) {
  const math::PhiloxStream stream(pass.dropout);
  const PassStatistics<T>& statistics = pass.statistics;
  parallel_for(context.threads(), a.rows, 4, [&](std::int64_t r) {
    T sum = 0, product = 0;
    for_each_tile(a.cols, [&](Slab slab) {
      T normalized[keep_tile], gradient[keep_tile];
      gradient_at_normalized(form, parameters, pass.statistics, stream, activation, a, grad_out, r, slab,
                             normalized, gradient);
      for (std::int64_t i = 0; i < slab.count; ++i) {
        const T g = gradient[i] * parameters.weight[slab.first + i];
        grad_linear(r, slab.first + i) = g;
        sum += g;
        product += g * normalized[i];
      }
    });
    const T mean = sum / static_cast<T>(a.cols), slope = product / static_cast<T>(a.cols);
    for (std::int64_t c = 0; c < a.cols; ++c) {
      const T normalized = (a(r, c) - statistics.mean[r]) * statistics.inverse_deviation[r];
      grad_linear(r, c) = statistics.inverse_deviation[r] * (grad_linear(r, c) - mean - normalized * slope);
    }
  });
}

}  // namespace sparcell::cpu
