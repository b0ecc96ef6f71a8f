// The tangent pass of a layer with layer normalization on the CPU. With x = (a - mean) * inverse the
// normalized row, l the tangent at a and <> means over the row:
//     tangent at x    t = inverse (l - <l> - x <l x>)
//     tangent at y    weight * t,    at h    weight * t * act'(y) * m
// F = sum of signal * (tangent at h) depends on a through y, x and inverse. With p = signal * m * act'(y) *
// weight and q = signal * m * act''(y) * weight * t * weight (the gradient at x through y)
//     dF/da = inverse (z - <z> - x (<z x> + inverse C)),   z = q - inverse (<l x> p + <p x> l),
//     C = <p l> - <p> <l> - <p x> <l x>,
// because dx/da = inverse (1 - 1/n - x x^T / n) and d inverse/da = -inverse^2 x / n.
#pragma once

#include <vector>

#include "cpu/layer_rows.h"

namespace sparcell::cpu {

/// One slab of one row: x, and the activation's derivatives at y times dropout's factors.
template <class T>
struct NormalizedSlab {
  T x[keep_tile], first[keep_tile], second[keep_tile];

  template <class Act>
  NormalizedSlab(const LayerForm& form, const LayerParameters<T>& parameters, PassStatistics<T> statistics,
                 const math::PhiloxStream& stream, Act activation, MatrixView<const T> a, std::int64_t r,
                 Slab slab) {
    T keep[keep_tile];
    keep_scales(form, stream, r * a.cols + slab.first, slab.count, keep);
    for (std::int64_t i = 0; i < slab.count; ++i) {
      const std::int64_t c = slab.first + i;
      x[i] = (a(r, c) - statistics.mean[r]) * statistics.inverse_deviation[r];
      const T y = x[i] * parameters.weight[c] + parameters.offset[c];
      first[i] = activation.first(y) * keep[i];
      second[i] = activation.second(y) * keep[i];
    }
  }
};

/// <l> and <l x> of one row: what t needs beside l and x.
template <class T>
struct TangentMeans {
  T linear = 0, slope = 0;
};

/// One row of the tangent pass.
template <class T, class NormalizedAt>
TangentMeans<T> layer_norm_tangent_row(const LayerParameters<T>& parameters, T scale, T inverse,
                                       std::int64_t r, NormalizedAt&& normalized_at,
                                       MatrixView<const T> signal, MatrixView<T> linear,
                                       MatrixView<T> tangent, MatrixView<T> extra) {
  const T cols = static_cast<T>(linear.cols);
  TangentMeans<T> l;
  T p_mean = 0, p_slope = 0, product = 0;
  for_each_tile(linear.cols, [&](Slab slab) {
    const NormalizedSlab<T> at = normalized_at(r, slab);
    for (std::int64_t i = 0; i < slab.count; ++i) {
      const std::int64_t c = slab.first + i;
      const T value = linear(r, c) *= scale;
      const T p = signal(r, c) * at.first[i] * parameters.weight[c];
      l.linear += value / cols;
      l.slope += value * at.x[i] / cols;
      p_mean += p / cols;
      p_slope += p * at.x[i] / cols;
      product += p * value / cols;
    }
  });
  const T spread = product - p_mean * l.linear - p_slope * l.slope;
  T z_mean = 0, z_slope = 0;
  for_each_tile(linear.cols, [&](Slab slab) {
    const NormalizedSlab<T> at = normalized_at(r, slab);
    for (std::int64_t i = 0; i < slab.count; ++i) {
      const std::int64_t c = slab.first + i;
      const T weight = parameters.weight[c];
      const T t = weight * inverse * (linear(r, c) - l.linear - at.x[i] * l.slope);
      tangent(r, c) = t * at.first[i];
      const T z = signal(r, c) * weight * (at.second[i] * t - inverse * l.slope * at.first[i]) -
                  inverse * p_slope * linear(r, c);
      extra(r, c) = z;
      z_mean += z / cols;
      z_slope += z * at.x[i] / cols;
    }
  });
  for_each_tile(linear.cols, [&](Slab slab) {
    const NormalizedSlab<T> at = normalized_at(r, slab);
    for (std::int64_t i = 0; i < slab.count; ++i) {
      T& z = extra(r, slab.first + i);
      z = inverse * (z - z_mean - at.x[i] * (z_slope + inverse * spread));
    }
  });
  return l;
}

template <class T, class Act>
void layer_norm_tangent(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                        const LayerPass<T>& pass, Act activation, MatrixView<const T> a,
                        MatrixView<const T> signal, MatrixView<T> linear, MatrixView<T> tangent,
                        MatrixView<T> extra, LayerGradients<T> gradients) {
  const math::PhiloxStream stream(pass.dropout);
  const PassStatistics<T>& statistics = pass.statistics;
  const auto normalized_at = [&](std::int64_t r, Slab slab) {
    return NormalizedSlab<T>(form, parameters, statistics, stream, activation, a, r, slab);
  };
  std::vector<TangentMeans<T>> means(static_cast<std::size_t>(a.rows));
  parallel_for(context.threads(), a.rows, 4, [&](std::int64_t r) {
    means[static_cast<std::size_t>(r)] =
        layer_norm_tangent_row(parameters, scale_of(pass), statistics.inverse_deviation[r], r, normalized_at,
                               signal, linear, tangent, extra);
  });
  if (gradients.weight.empty() && gradients.offset.empty()) return;
  parallel_for(context.threads(), (a.cols + keep_tile - 1) / keep_tile, 1, [&](std::int64_t s) {
    const Slab slab{s * keep_tile, std::min(keep_tile, a.cols - s * keep_tile)};
    for (std::int64_t r = 0; r < a.rows; ++r) {
      const NormalizedSlab<T> at = normalized_at(r, slab);
      const TangentMeans<T>& l = means[static_cast<std::size_t>(r)];
      for (std::int64_t i = 0; i < slab.count; ++i) {
        const std::int64_t c = slab.first + i;
        const T t = statistics.inverse_deviation[r] * (linear(r, c) - l.linear - at.x[i] * l.slope);
        const T at_y = signal(r, c) * at.second[i] * parameters.weight[c] * t;
        if (!gradients.weight.empty()) gradients.weight[c] += signal(r, c) * at.first[i] * t + at_y * at.x[i];
        if (!gradients.offset.empty()) gradients.offset[c] += at_y;
      }
    }
  });
}

}  // namespace sparcell::cpu
