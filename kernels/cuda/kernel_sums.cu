// Sums of kernels by pairs of groups. A block takes a band of points of one group of x, a thread a point, and
// passes over y group by group in tiles (point_tiles.h); a second kernel adds the bands of each group in
// order.
#include "sparcell/ops/kernel_sums.h"

#include <algorithm>
#include <vector>

#include "cuda/memory.h"
#include "cuda/point_tiles.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell {
namespace kernels::kernel_sums {

using device::load, device::store;
using point_tiles::threads, point_tiles::tile;

struct Band {
  std::int64_t first, count, group;
};

/// Everything that the host prepares, in device memory.
struct Plan {
  const Band* bands;
  const std::int64_t* y_groups;
  const float* gammas;
  std::int64_t band_count, group_count, gamma_count;
};

/// The sum over gammas and the first `count` squared distances. Unrolled, so that squares stay in registers.
__device__ __forceinline__ double tile_sum(const float (&squares)[tile], int count, const Plan& plan) {
  double sum = 0;
#pragma unroll 1
  for (std::int64_t g = 0; g < plan.gamma_count; ++g) {
    const float rate = -load(plan.gammas + g);
#pragma unroll
    for (int j = 0; j < tile; ++j) sum += j < count ? static_cast<double>(math::exp(rate * squares[j])) : 0.0;
  }
  return sum;
}

__global__ void __launch_bounds__(threads)
    sum_bands(MatrixView<const float> x, MatrixView<const float> y, Plan plan, double* partial) {
  device::for_each_in_blocks(plan.band_count, [&](std::int64_t b) {
    const Band band = load(plan.bands + b);
    const bool mine = threadIdx.x < band.count;
    const float* const point = mine ? x.row(band.first + threadIdx.x) : nullptr;
    for (std::int64_t h = 0; h < plan.group_count; ++h) {
      const std::int64_t begin = load(plan.y_groups + h), end = load(plan.y_groups + h + 1);
      double sum = 0;
      for (std::int64_t first = begin; first < end; first += tile) {
        const int count = point_tiles::tile_count(first, end);
        float squares[tile];
        point_tiles::squared_distances(point, y, first, count, squares);
        if (mine) sum += tile_sum(squares, count, plan);
      }
      sum = device::block_sum<threads>(sum) / static_cast<double>(plan.gamma_count);
      if (threadIdx.x == 0) store(partial + b * plan.group_count + h, sum);
    }
  });
}

__global__ void __launch_bounds__(threads)
    add_bands(Plan plan, const double* partial, MatrixView<double> sums) {
  device::for_each_in_grid(sums.size(), [&](std::int64_t i) {
    const std::int64_t g = i / sums.cols, h = i % sums.cols;
    double sum = 0;
    for (std::int64_t b = 0; b < plan.band_count; ++b) {
      if (load(&plan.bands[b].group) == g) sum += load(partial + b * plan.group_count + h);
    }
    store(sums.row(g) + h, sum);
  });
}

std::vector<Band> cut_bands(std::span<const std::int64_t> groups) {
  std::vector<Band> bands;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    for (std::int64_t first = groups[g]; first < groups[g + 1]; first += threads) {
      bands.push_back(
          {first, std::min<std::int64_t>(threads, groups[g + 1] - first), static_cast<std::int64_t>(g)});
    }
  }
  return bands;
}

/// Copies to device memory at `end`, which becomes what follows.
template <class Values>
auto upload(Context& context, const Values& values, char*& end) {
  using Element = typename Values::value_type;
  auto* const on_device = reinterpret_cast<Element*>(end);
  const std::size_t bytes = values.size() * sizeof(Element);
  if (bytes > 0) context.memory().copy_to_device(on_device, values.data(), bytes);
  end += bytes;
  return on_device;
}

}  // namespace kernels::kernel_sums

template <class T>
void cuda::kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                       std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                       std::span<const double> gammas, MatrixView<double> sums) {
  using namespace kernels::kernel_sums;
  const std::vector<Band> bands = cut_bands(x_groups);
  const std::vector<std::int64_t> y_offsets(y_groups.begin(), y_groups.end());
  const std::vector<float> rates(gammas.begin(), gammas.end());
  const auto partial_count = static_cast<std::int64_t>(bands.size()) * sums.cols;
  const std::int64_t bytes =
      partial_count * static_cast<std::int64_t>(sizeof(double)) +
      static_cast<std::int64_t>(bands.size() * sizeof(Band) + y_offsets.size() * sizeof(std::int64_t) +
                                rates.size() * sizeof(float));
  char* const scratch = workspace<char>(context, bytes);
  auto* const partial = reinterpret_cast<double*>(scratch);
  char* end = scratch + partial_count * static_cast<std::int64_t>(sizeof(double));
  Plan plan{};
  plan.bands = upload(context, bands, end);
  plan.y_groups = upload(context, y_offsets, end);
  plan.gammas = upload(context, rates, end);
  plan.band_count = static_cast<std::int64_t>(bands.size());
  plan.group_count = sums.cols;
  plan.gamma_count = static_cast<std::int64_t>(rates.size());
  device::launch(sum_bands,
                 {.grid = device::blocks_for(plan.band_count, 1),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 x, y, plan, partial);
  device::launch(add_bands,
                 {.grid = device::blocks_for(sums.size(), threads),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 plan, partial, sums);
}
SPARCELL_INSTANTIATE_CUDA(cuda::kernel_sums);

/// Two passes: each has the shape that suits it (tiles of 64 x 64 pairs in shared memory, and a thread a
/// point whose exponentials outweigh its distances).
template <class T>
void cuda::distance_and_kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                                    std::span<const std::int64_t> x_groups,
                                    std::span<const std::int64_t> y_groups, std::span<const double> gammas,
                                    MatrixView<double> distances, MatrixView<double> kernels) {
  cuda::pairwise_distance_sums<T>(context, x, y, x_groups, y_groups, distances);
  cuda::kernel_sums<T>(context, x, y, x_groups, y_groups, gammas, kernels);
}
SPARCELL_INSTANTIATE_CUDA(cuda::distance_and_kernel_sums);

}  // namespace sparcell
