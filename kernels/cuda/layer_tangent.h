// Kernels of the tangent pass of a layer with layer normalization: what is summed over a row first, the rest
// in slabs of columns. The formulas and their names are those of cpu/layer_tangent.h.
#pragma once

#include "cuda/layer_rows.h"

namespace sparcell::kernels::layer {

/// What the tangent pass needs of a row: <l>, <l x>, <p x>, C, <z>, <z x>.
struct TangentMeans {
  float linear, slope, p_slope, spread, z, z_slope;
};

/// The columns that a thread owns of one row.
template <int width>
struct TangentRow {
  NormalizedRow<width> at;
  Four first, signal, l;
  Four curvature;  ///< signal * m * act''(y) * weight

  template <class Act>
  __device__ __forceinline__ TangentRow(Act activation, const Parameters& p, const Pass& pass,
                                        const Keep& keep, const MatrixView<const float>& a,
                                        const MatrixView<const float>& signal_of,
                                        const MatrixView<float>& tangent_linear, std::int64_t r,
                                        const Columns& columns)
      : at(p, pass.statistics, keep, a, r, columns),
        first(at.first(activation)),
        signal(columns.load<width>(signal_of.row(r))),
        l(columns.load<width>(tangent_linear.row(r))) {
    const float scale = pass.scale_or_one();
    const Four second = at.second(activation);
    l = four([&](int k) { return scale * l[k]; });
    curvature = four([&](int k) { return signal[k] * second[k] * at.weight[k]; });
  }
  __device__ __forceinline__ Four p() const {
    return four([&](int k) { return signal[k] * first[k] * at.weight[k]; });
  }
  /// The tangent at x.
  __device__ __forceinline__ Four t(const TangentMeans& mean) const {
    return four([&](int k) { return at.inverse * (l[k] - mean.linear - at.x[k] * mean.slope); });
  }
  __device__ __forceinline__ Four z(const TangentMeans& mean, const Four& t) const {
    return four([&](int k) {
      const float p = signal[k] * first[k] * at.weight[k];
      return curvature[k] * at.weight[k] * t[k] - at.inverse * (mean.slope * p + mean.p_slope * l[k]);
    });
  }
};

template <int width, class Act>
__global__ void __launch_bounds__(row_threads, 4)  // 128 registers: with fewer some architectures spill
    row_tangent_means(Act activation, Parameters parameters, Pass pass, MatrixView<const float> a,
                      MatrixView<const float> signal, MatrixView<float> tangent_linear, TangentMeans* means) {
  const Keep keep(pass);
  const auto cols = static_cast<float>(a.cols);
  for_each_row_of_warp(a.rows, [&](std::int64_t r, int lane) {
    const auto row_at = [&](const Columns& columns) {
      return TangentRow<width>(activation, parameters, pass, keep, a, signal, tangent_linear, r, columns);
    };
    TangentMeans mean{};
    float p_mean = 0, product = 0;
    for_each_own(lane, a.cols, [&](const Columns& columns) {
      const TangentRow<width> row = row_at(columns);
      const Four p = row.p();
      mean.linear += sum_of(row.l);
      mean.slope += product_of(row.l, row.at.x);
      mean.p_slope += product_of(p, row.at.x);
      p_mean += sum_of(p);
      product += product_of(p, row.l);
    });
    mean.linear = device::warp_sum(mean.linear) / cols;
    mean.slope = device::warp_sum(mean.slope) / cols;
    mean.p_slope = device::warp_sum(mean.p_slope) / cols;
    p_mean = device::warp_sum(p_mean) / cols;
    product = device::warp_sum(product) / cols;
    mean.spread = product - p_mean * mean.linear - mean.p_slope * mean.slope;
    for_each_own(lane, a.cols, [&](const Columns& columns) {
      const TangentRow<width> row = row_at(columns);
      const Four z = row.z(mean, row.t(mean));
      mean.z += sum_of(z);
      mean.z_slope += product_of(z, row.at.x);
    });
    mean.z = device::warp_sum(mean.z) / cols;
    mean.z_slope = device::warp_sum(mean.z_slope) / cols;
    if (lane == 0) store(means + r, mean);
  });
}

template <int width, class Act>
__global__ void __launch_bounds__(batch_threads)
    row_tangent(Act activation, Parameters parameters, Pass pass, MatrixView<const float> a,
                MatrixView<const float> signal, const TangentMeans* means, MatrixView<float> tangent_linear,
                MatrixView<float> tangent, MatrixView<float> extra, Gradients gradients) {
  const Keep keep(pass);
  device::for_each_slab<batch_threads>(a.cols, [&](const Slab& slab) {
    Fours<2> sums{};
    slab.for_each_row(a.rows, [&](std::int64_t r) {
      const TangentRow<width> row(activation, parameters, pass, keep, a, signal, tangent_linear, r, slab);
      const TangentMeans mean = load(means + r);
      const Four t = row.t(mean), z = row.z(mean, t);
      if (pass.scale != nullptr) slab.store<width>(tangent_linear.row(r), row.l);
      slab.store<width>(tangent.row(r), four([&](int k) { return row.at.weight[k] * t[k] * row.first[k]; }));
      slab.store<width>(extra.row(r), four([&](int k) {
                          const float slope = mean.z_slope + row.at.inverse * mean.spread;
                          return row.at.inverse * (z[k] - mean.z - row.at.x[k] * slope);
                        }));
      const Four at_y = four([&](int k) { return row.curvature[k] * t[k]; });
      device::add(sums.of[0],
                  four([&](int k) { return row.signal[k] * row.first[k] * t[k] + at_y[k] * row.at.x[k]; }));
      device::add(sums.of[1], at_y);
    });
    if (gradients.weight == nullptr && gradients.offset == nullptr) return;
    sums = device::column_sums<batch_threads>(sums);
    if (!slab.leads()) return;
    accumulate<width>(gradients.weight, slab, sums.of[0]);
    accumulate<width>(gradients.offset, slab, sums.of[1]);
  });
}

}  // namespace sparcell::kernels::layer
