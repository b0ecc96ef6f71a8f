// Library sizes: a thread draws one; a block gives one to a cell, whose genes it sees two or three times.
#include "sparcell/ops/library.h"

#include "device/reduce.h"
#include "device/rows.h"
#include "device/slab.h"
#include "math/elementary.h"
#include "math/library.h"

namespace sparcell {
namespace kernels::library {

using device::Columns, device::Four, device::four, device::load, device::store;

constexpr int threads = 256;
constexpr int width = device::own_columns;

__global__ void __launch_bounds__(threads) draw_quantiles(RandomStream random_stream, const float* table,
                                                          std::int64_t entries, MatrixView<float> out) {
  const math::PhiloxStream stream(random_stream);
  device::for_each_in_grid((out.rows + 3) / 4, [&](std::int64_t i) {
    const math::PhiloxBlock block = stream.block(static_cast<std::uint64_t>(i));
#pragma unroll
    for (int k = 0; k < 4; ++k) {
      if (4 * i + k >= out.rows) continue;
      store(out.row(4 * i + k), math::quantile_at(table, entries, math::uniform<float>(block.word[k])));
    }
  });
}

/// Calls body(columns) for the thread's columns of a row.
template <class Body>
__device__ __forceinline__ void for_each_own(std::int64_t cols, Body&& body) {
  device::for_each_in_block((cols + width - 1) / width,
                            [&](std::int64_t v) { body(device::columns_at(v, cols)); });
}

__device__ __forceinline__ double sum_of(const Four& v) {
  return static_cast<double>((v[0] + v[1]) + (v[2] + v[3]));
}

__device__ __forceinline__ Four counts_of(const Four& x) {
  return four([&](int k) { return math::expm1(x[k]); });
}

template <int access>
__device__ __forceinline__ double total_of(const float* row, std::int64_t cols) {
  double sum = 0;
  for_each_own(cols, [&](const Columns& columns) { sum += sum_of(counts_of(columns.load<access>(row))); });
  return device::block_sum<threads>(sum);
}

template <int access>
__global__ void __launch_bounds__(threads)
    scale_to_library(MatrixView<const float> x, MatrixView<const float> size, const float* scale,
                     MatrixView<float> out) {
  device::for_each_in_blocks(x.rows, [&](std::int64_t r) {
    const double sum = total_of<access>(x.row(r), x.cols);
    const float factor = math::library_factor(load(size.row(r)), load(scale), load(scale + 1), sum);
    for_each_own(x.cols, [&](const Columns& columns) {
      const Four q = counts_of(columns.load<access>(x.row(r)));
      columns.store<access>(out.row(r), four([&](int k) { return math::log1p(factor * q[k]); }));
    });
  });
}

template <int access>
__global__ void __launch_bounds__(threads)
    scale_to_library_backward(MatrixView<const float> x, MatrixView<const float> size, const float* scale,
                              MatrixView<const float> grad, MatrixView<float> grad_x) {
  device::for_each_in_blocks(x.rows, [&](std::int64_t r) {
    const double sum = total_of<access>(x.row(r), x.cols);
    const float factor = math::library_factor(load(size.row(r)), load(scale), load(scale + 1), sum);
    double along = 0;
    for_each_own(x.cols, [&](const Columns& columns) {
      const Four q = counts_of(columns.load<access>(x.row(r))), g = columns.load<access>(grad.row(r));
      along += sum_of(four([&](int k) { return g[k] / (1 + factor * q[k]) * q[k]; }));
    });
    along = device::block_sum<threads>(along);
    const float mean = sum > 0 ? static_cast<float>(along / sum) : 0.0f;
    for_each_own(x.cols, [&](const Columns& columns) {
      const Four q = counts_of(columns.load<access>(x.row(r))), g = columns.load<access>(grad.row(r));
      columns.store<access>(grad_x.row(r), four([&](int k) {
                              return factor * (g[k] / (1 + factor * q[k]) - mean) * (1 + q[k]);
                            }));
    });
  });
}

device::LaunchShape block_a_row(Context& context, std::int64_t rows) {
  return {.grid = device::blocks_for(rows, 1), .block = threads, .stream = device::stream_of(context)};
}

}  // namespace kernels::library

template <class T>
void cuda::draw_quantiles(Context& context, RandomStream stream, std::span<const T> table,
                          MatrixView<T> out) {
  using namespace kernels::library;
  device::launch(kernels::library::draw_quantiles,
                 {.grid = device::blocks_for((out.rows + 3) / 4, threads),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 stream, table.data(), static_cast<std::int64_t>(table.size()), out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::draw_quantiles);

template <class T>
void cuda::scale_to_library(Context& context, MatrixView<const T> x, MatrixView<const T> size,
                            std::span<const T> scale, MatrixView<T> out) {
  using namespace kernels::library;
  const bool aligned = device::aligned_rows<width>(x) && device::aligned_rows<width>(out);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::library::scale_to_library<constant>, block_a_row(context, x.rows), x, size,
                   scale.data(), out);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::scale_to_library);

template <class T>
void cuda::scale_to_library_backward(Context& context, MatrixView<const T> x, MatrixView<const T> size,
                                     std::span<const T> scale, MatrixView<const T> grad,
                                     MatrixView<T> grad_x) {
  using namespace kernels::library;
  const bool aligned = device::aligned_rows<width>(x) && device::aligned_rows<width>(grad) &&
                       device::aligned_rows<width>(grad_x);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::library::scale_to_library_backward<constant>, block_a_row(context, x.rows), x,
                   size, scale.data(), grad, grad_x);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::scale_to_library_backward);

}  // namespace sparcell
