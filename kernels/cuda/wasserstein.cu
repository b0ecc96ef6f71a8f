// Rows are sorted by the library, all of them at once: the row's number and the value's bits are one key.
// Distances have a block a row.
#include "sparcell/ops/wasserstein.h"

#include <algorithm>

#include "cuda/ordering.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/ordered_bits.h"

namespace sparcell {
namespace kernels::wasserstein {

using device::load, device::store;

constexpr int threads = 256;

/// Rows are sorted in groups of about so many values: their keys take 32 MiB, the library as much again.
constexpr std::int64_t values_at_once = std::int64_t{1} << 22;

/// Calls body(r, c) for every element of a matrix; threads with neighbouring numbers have neighbouring
/// columns.
template <class Body>
__device__ __forceinline__ void for_each_element(std::int64_t rows, std::int64_t cols, Body&& body) {
  const std::int64_t slabs = (cols + threads - 1) / threads;
  device::for_each_in_blocks(rows * slabs, [&](std::int64_t t) {
    const std::int64_t r = t / slabs, c = (t - r * slabs) * threads + threadIdx.x;
    if (c < cols) body(r, c);
  });
}

/// Keys that sort by row first and by value within it, where rows follow each other without gaps.
__global__ void __launch_bounds__(threads) make_keys(MatrixView<const float> rows, std::uint64_t* keys) {
  for_each_element(rows.rows, rows.cols, [&](std::int64_t r, std::int64_t c) {
    const std::uint32_t value = math::ordered_bits(load(rows.row(r) + c));
    store(keys + r * rows.cols + c, static_cast<std::uint64_t>(r) << 32 | value);
  });
}

__global__ void __launch_bounds__(threads) take_values(const std::uint64_t* keys, MatrixView<float> rows) {
  for_each_element(rows.rows, rows.cols, [&](std::int64_t r, std::int64_t c) {
    const auto value = static_cast<std::uint32_t>(load(keys + r * rows.cols + c));
    store(rows.row(r) + c, math::from_ordered_bits<float>(value));
  });
}

/// Quantile functions are steps at multiples of 1 / m and 1 / n; widths are counted in units of 1 / (m n).
/// The share of the integral over the i-th step of a.
__device__ __forceinline__ double over_step(const float* a, std::int64_t m, const float* b, std::int64_t n,
                                            std::int64_t i) {
  const double value = load(a + i);
  double sum = 0;
  std::int64_t at = i * n;
  for (std::int64_t j = at / m; at < (i + 1) * n; ++j) {
    const std::int64_t b_end = (j + 1) * m, end = b_end < (i + 1) * n ? b_end : (i + 1) * n;
    const double difference = value - static_cast<double>(load(b + j));
    sum += static_cast<double>(end - at) * (difference < 0 ? -difference : difference);
    at = end;
  }
  return sum;
}

__global__ void __launch_bounds__(threads)
    wasserstein_distances(MatrixView<const float> a, MatrixView<const float> b, double* distances) {
  device::for_each_in_blocks(a.rows, [&](std::int64_t r) {
    double sum = 0;
    device::for_each_in_block(
        a.cols, [&](std::int64_t i) { sum += over_step(a.row(r), a.cols, b.row(r), b.cols, i); });
    sum = device::block_sum<threads>(sum);
    if (threadIdx.x == 0)
      store(distances + r, sum / (static_cast<double>(a.cols) * static_cast<double>(b.cols)));
  });
}

}  // namespace kernels::wasserstein

template <class T>
void cuda::sort_rows(Context& context, MatrixView<T> rows) {
  using namespace kernels::wasserstein;
  if (rows.size() == 0) return;
  const std::int64_t at_once = std::min(rows.rows, std::max(values_at_once / rows.cols, std::int64_t{1}));
  const Buffer<std::uint64_t> keys(context, at_once * rows.cols);
  for (std::int64_t first = 0; first < rows.rows; first += at_once) {
    const MatrixView<T> group = rows.slice_rows(first, std::min(at_once, rows.rows - first));
    const std::int64_t slabs = (group.cols + threads - 1) / threads;
    const device::LaunchShape shape{.grid = device::blocks_for(group.rows * slabs, 1),
                                    .block = threads,
                                    .stream = device::stream_of(context)};
    device::launch(make_keys, shape, group, keys.data());
    sort(context, keys.data(), group.rows * group.cols);
    device::launch(take_values, shape, keys.data(), group);
  }
}
SPARCELL_INSTANTIATE_CUDA(cuda::sort_rows);

template <class T>
void cuda::wasserstein_distances(Context& context, MatrixView<const T> a, MatrixView<const T> b,
                                 std::span<double> distances) {
  using kernels::wasserstein::threads;
  device::launch(
      kernels::wasserstein::wasserstein_distances,
      {.grid = device::blocks_for(a.rows, 1), .block = threads, .stream = device::stream_of(context)}, a, b,
      distances.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::wasserstein_distances);

}  // namespace sparcell
