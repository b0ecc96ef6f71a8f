// Kernels of layers with layer normalization. What belongs to a row is summed by a warp; a second kernel
// works in slabs of columns, because parameter gradients are sums over rows.
#pragma once

#include "cuda/layer_parts.h"
#include "device/kept.h"
#include "math/elementary.h"

namespace sparcell::kernels::layer {

/// Calls body(r, lane) for every row, each by one warp of the grid.
template <class Body>
__device__ __forceinline__ void for_each_row_of_warp(std::int64_t rows, Body&& body) {
  const int warp = static_cast<int>(threadIdx.x) / device::warp_size;
  for (std::int64_t r = static_cast<std::int64_t>(blockIdx.x) * row_warps + warp; r < rows;
       r += static_cast<std::int64_t>(gridDim.x) * row_warps)
    body(r, static_cast<int>(threadIdx.x) % device::warp_size);
}

/// How many Fours there are in a row.
__host__ __device__ inline std::int64_t own_vectors(std::int64_t cols) {
  return (cols + device::own_columns - 1) / device::own_columns;
}

/// Calls body(columns) for all columns that a lane owns of a row.
template <class Body>
__device__ __forceinline__ void for_each_own(int lane, std::int64_t cols, Body&& body) {
  for (std::int64_t v = lane; v < own_vectors(cols); v += device::warp_size)
    body(device::columns_at(v, cols));
}

__device__ __forceinline__ float sum_of(const Four& v) { return (v[0] + v[1]) + (v[2] + v[3]); }
__device__ __forceinline__ float product_of(const Four& v, const Four& w) {
  return sum_of(four([&](int k) { return v[k] * w[k]; }));
}

template <int width, class Act>
__global__ void __launch_bounds__(row_threads)
    row_forward(Act activation, Parameters parameters, Passes passes, MatrixView<float> all_linear,
                MatrixView<float> all_out, int items) {
  const Pass pass = passes.of_block();
  const MatrixView<float> linear = pass.of(all_linear), out = pass.of(all_out);
  const Keep keep(pass);
  const auto cols = static_cast<float>(linear.cols);
  for_each_row_of_warp(linear.rows, [&](std::int64_t r, int lane) {
    const auto a =
        device::keep<1>(lane, device::warp_size, own_vectors(linear.cols), items, [&](std::int64_t v) {
          const Columns columns = device::columns_at(v, linear.cols);
          return Fours<1>{
              PreActivation<width>(parameters, pass, columns)(columns.load<width>(linear.row(r)))};
        });
    float sum = 0, squares = 0;
    a.for_each([&](std::int64_t, const Fours<1>& at) { sum += sum_of(at.of[0]); });
    const float mean = device::warp_sum(sum) / cols;
    a.for_each([&](std::int64_t v, const Fours<1>& at) {
      const int count = device::columns_at(v, linear.cols).count;
      const Four off = four([&](int k) { return k < count ? at.of[0][k] - mean : 0; });
      squares += product_of(off, off);
    });
    const float inverse =
        1 / math::square_root(device::warp_sum(squares) / cols + static_cast<float>(normalization_epsilon));
    if (lane == 0) {
      store(pass.statistics.mean + r, mean);
      store(pass.statistics.spread + r, inverse);
    }
    a.for_each([&](std::int64_t v, const Fours<1>& at) {
      const Columns columns = device::columns_at(v, linear.cols);
      const Four weight = columns.load<width>(parameters.weight),
                 offset = columns.load<width>(parameters.offset), x = normalized(at.of[0], mean, inverse);
      const Four y = four([&](int k) { return x[k] * weight[k] + offset[k]; });
      if (changes_linear(parameters, pass)) columns.store<width>(linear.row(r), at.of[0]);
      columns.store<width>(out.row(r), activated(activation, y, keep(r * linear.cols + columns.column)));
    });
  });
}

/// One row's statistics, and the columns that a thread owns of it: x, and the activation's derivatives at y
/// times dropout's factors.
template <int width>
struct NormalizedRow {
  float inverse;
  Four x, weight, y, keep;

  __device__ __forceinline__ NormalizedRow(const Parameters& p, const Statistics& statistics,
                                           const Keep& keep_of, const MatrixView<const float>& a,
                                           std::int64_t r, const Columns& columns)
      : inverse(load(statistics.spread + r)),
        x(normalized(columns.load<width>(a.row(r)), load(statistics.mean + r), inverse)),
        weight(columns.load<width>(p.weight)),
        keep(keep_of(r * a.cols + columns.column)) {
    const Four offset = columns.load<width>(p.offset);
    y = four([&](int k) { return x[k] * weight[k] + offset[k]; });
  }
  template <class Act>
  __device__ __forceinline__ Four first(Act activation) const {
    return four([&](int k) { return activation.first(y[k]) * keep[k]; });
  }
  template <class Act>
  __device__ __forceinline__ Four second(Act activation) const {
    return four([&](int k) { return activation.second(y[k]) * keep[k]; });
  }
};

/// Means over a row of the gradient at x, and of its product with x: for every row of the matrix.
struct RowMeans {
  float gradient, slope;
};

template <int width, class Act>
__global__ void __launch_bounds__(row_threads)
    row_backward_means(Act activation, Parameters parameters, Passes passes, MatrixView<const float> all_a,
                       MatrixView<const float> all_grad_out, RowMeans* means) {
  const Pass pass = passes.of_block();
  const MatrixView<const float> a = pass.of(all_a), grad_out = pass.of(all_grad_out);
  const Keep keep(pass);
  const auto cols = static_cast<float>(a.cols);
  for_each_row_of_warp(a.rows, [&](std::int64_t r, int lane) {
    RowMeans sums{};
    for_each_own(lane, a.cols, [&](const Columns& columns) {
      const NormalizedRow<width> at(parameters, pass.statistics, keep, a, r, columns);
      Four grad = differentiated(activation, at.y, at.keep, columns.load<width>(grad_out.row(r)));
      grad = four([&](int k) { return grad[k] * at.weight[k]; });
      sums.gradient += sum_of(grad);
      sums.slope += product_of(grad, at.x);
    });
    sums = {device::warp_sum(sums.gradient), device::warp_sum(sums.slope)};
    if (lane == 0) store(means + pass.first + r, {sums.gradient / cols, sums.slope / cols});
  });
}

template <int width, class Act>
__global__ void __launch_bounds__(batch_threads)
    row_backward(Act activation, Parameters parameters, Passes passes, MatrixView<const float> all_a,
                 MatrixView<const float> all_grad_out, const RowMeans* means,
                 MatrixView<float> all_grad_linear, Gradients gradients) {
  device::for_each_slab<batch_threads>(all_a.cols, [&](const Slab& slab) {
    Fours<3> sums{};
    passes.for_each([&](const Pass& pass) {
      const MatrixView<const float> a = pass.of(all_a), grad_out = pass.of(all_grad_out);
      const MatrixView<float> grad_linear = pass.of(all_grad_linear);
      const Keep keep(pass);
      const float scale = pass.scale_or_one();
      slab.for_each_row(a.rows, [&](std::int64_t r) {
        const NormalizedRow<width> at(parameters, pass.statistics, keep, a, r, slab);
        const Four at_y = differentiated(activation, at.y, at.keep, slab.load<width>(grad_out.row(r)));
        const RowMeans mean = load(means + pass.first + r);
        Four grad = four([&](int k) {
          return at.inverse * (at_y[k] * at.weight[k] - mean.gradient - at.x[k] * mean.slope);
        });
        if (pass.extra.data != nullptr) device::add(grad, slab.load<width>(pass.extra.row(r)));
        device::add(sums.of[0], grad);
        device::add(sums.of[1], four([&](int k) { return at_y[k] * at.x[k]; }));
        device::add(sums.of[2], at_y);
        slab.store<width>(grad_linear.row(r), four([&](int k) { return scale * grad[k]; }));
      });
    });
    if (gradients.empty()) return;
    sums = device::column_sums<batch_threads>(sums);
    if (!slab.leads()) return;
    accumulate<width>(gradients.bias, slab, sums.of[0]);
    accumulate<width>(gradients.weight, slab, sums.of[1]);
    accumulate<width>(gradients.offset, slab, sums.of[2]);
  });
}

}  // namespace sparcell::kernels::layer
