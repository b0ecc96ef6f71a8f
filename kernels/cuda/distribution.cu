// What the distribution of every gene looks like: slabs of 32 genes as in device/columns.h.
#include "sparcell/ops/distribution.h"

#include "device/columns.h"

namespace sparcell {
namespace kernels::distribution {

using device::load, device::store;

constexpr int warps = 32;
constexpr int threads = warps * device::warp_size;

/// Sums of one gene over the calling thread's cells.
struct Sums {
  double deviation = 0, squared = 0;
  unsigned near_zero = 0, exact_zero = 0;

  __device__ __forceinline__ void add(float x, double shift, float threshold) {
    const double d = static_cast<double>(x) - shift;
    deviation += d;
    squared += d * d;
    near_zero += (x < 0.0f ? -x : x) < threshold ? 1 : 0;
    exact_zero += x == 0.0f ? 1 : 0;
  }
};

__global__ void __launch_bounds__(threads)
    distribution_moments(MatrixView<const float> cells, const double* shift, float threshold,
                         MatrixView<double> moments) {
  const device::SlabPlace place;
  const double gene_shift = device::of_slab(place, cells.cols, shift);
  Sums sums;
  if (place.column < cells.cols) {
    const float* x = cells.row(place.warp) + place.column;
    const std::int64_t step = warps * cells.stride;
#pragma unroll 4
    for (auto i = static_cast<std::int64_t>(place.warp); i < cells.rows; i += warps, x += step)
      sums.add(load(x), gene_shift, threshold);
  }
  const double mine[distribution_moments_count] = {sums.deviation, sums.squared,
                                                   static_cast<double>(sums.near_zero),
                                                   static_cast<double>(sums.exact_zero)};
  static_assert(static_cast<int>(DistributionMoment::exact_zero) == 3);
  device::combine_slab<distribution_moments_count, warps>(
      place, cells.cols, mine, [](int, double a, double b) { return a + b; },
      [&](int moment, double sum) {
        double* const out = moments.row(moment) + place.column;
        store(out, load(out) + sum);
      });
}

}  // namespace kernels::distribution

template <class T>
void cuda::distribution_moments(Context& context, MatrixView<const T> cells, std::span<const double> shift,
                                T threshold, MatrixView<double> moments) {
  using namespace kernels::distribution;
  const auto slabs = static_cast<unsigned>((cells.cols + device::slab_columns - 1) / device::slab_columns);
  device::launch(kernels::distribution::distribution_moments,
                 {.grid = slabs, .block = threads, .stream = device::stream_of(context)}, cells, shift.data(),
                 threshold, moments);
}
SPARCELL_INSTANTIATE_CUDA(cuda::distribution_moments);

}  // namespace sparcell
