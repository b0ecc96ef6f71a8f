// One block a row. Sorting is bitonic and in place: the first step of every merge compares mirrored elements,
// so that all comparisons put the larger one higher and rows of any length sort as if infinities followed
// them.
#include "sparcell/ops/wasserstein.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"

namespace sparcell {
namespace kernels::wasserstein {

using device::load, device::store;

constexpr int threads = 256;

__device__ __forceinline__ void order(float* row, std::int64_t low, std::int64_t high, std::int64_t count) {
  if (high >= count) return;
  const float a = load(row + low), b = load(row + high);
  if (!(b < a)) return;
  store(row + low, b);
  store(row + high, a);
}

__global__ void __launch_bounds__(threads) sort_rows(MatrixView<float> rows) {
  device::for_each_in_blocks(rows.rows, [&](std::int64_t r) {
    float* const row = rows.row(r);
    std::int64_t padded = 1;
    while (padded < rows.cols) padded *= 2;
    for (std::int64_t half = 1; half < padded; half *= 2) {
      // Halves and steps are powers of two: offsets are masks, without divisions of 64 bits.
      device::for_each_in_block(padded / 2, [&](std::int64_t p) {
        const std::int64_t offset = p & (half - 1), begin = 2 * (p - offset);
        order(row, begin + offset, begin + 2 * half - 1 - offset, rows.cols);
      });
      __syncthreads();
      for (std::int64_t step = half / 2; step > 0; step /= 2) {
        device::for_each_in_block(padded / 2, [&](std::int64_t p) {
          const std::int64_t offset = p & (step - 1), low = 2 * (p - offset) + offset;
          order(row, low, low + step, rows.cols);
        });
        __syncthreads();
      }
    }
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
  using kernels::wasserstein::threads;
  device::launch(
      kernels::wasserstein::sort_rows,
      {.grid = device::blocks_for(rows.rows, 1), .block = threads, .stream = device::stream_of(context)},
      rows);
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
