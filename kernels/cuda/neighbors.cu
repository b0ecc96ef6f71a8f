// Exact neighbours: a thread takes a point of x and passes over all of y in tiles (point_tiles.h). Its
// nearest points so far lie in its row of the outputs, sorted; few new points change it.
#include "sparcell/ops/neighbors.h"

#include "cuda/point_tiles.h"
#include "device/access.h"
#include "device/launch.h"

namespace sparcell {
namespace kernels::neighbors {

using device::load, device::store;
using point_tiles::threads, point_tiles::tile;

/// Puts a point into its place of a sorted row, behind equal ones; the last one drops out.
__device__ __forceinline__ void insert(float* squares, std::int32_t* rows, int count, float square,
                                       std::int64_t row) {
  int place = count - 1;
  for (; place > 0 && load(squares + place - 1) > square; --place) {
    store(squares + place, load(squares + place - 1));
    store(rows + place, load(rows + place - 1));
  }
  store(squares + place, square);
  store(rows + place, static_cast<std::int32_t>(row));
}

__global__ void __launch_bounds__(threads, 12)  // 80 registers: at 64 some architectures spill
    nearest_neighbors(MatrixView<const float> x, MatrixView<const float> y, bool skip_own_row,
                      MatrixView<float> distances, MatrixView<std::int32_t> indices) {
  device::for_each_in_blocks((x.rows + threads - 1) / threads, [&](std::int64_t band) {
    const std::int64_t i = band * threads + threadIdx.x;
    const bool mine = i < x.rows;
    const auto k = static_cast<int>(distances.cols);
    float* const row = mine ? distances.row(i) : nullptr;
    for (int j = 0; mine && j < k; ++j) store(row + j, __builtin_inff());
    float worst = __builtin_inff();
    for (std::int64_t first = 0; first < y.rows; first += tile) {
      const int count = point_tiles::tile_count(first, y.rows);
      const int own = skip_own_row ? static_cast<int>(i - first) : -1;  // rows are numbered in 32 bits
      float squares[tile];
      point_tiles::squared_distances(mine ? x.row(i) : nullptr, y, first, count, squares);
#pragma unroll
      for (int j = 0; j < tile; ++j) {  // unrolled: the squares stay in registers
        if (!mine || j >= count || !(squares[j] < worst) || j == own) continue;
        insert(row, indices.row(i), k, squares[j], first + j);
        worst = load(row + k - 1);
      }
    }
    for (int j = 0; mine && j < k; ++j) store(row + j, math::square_root(load(row + j)));
  });
}

/// found[i] = 1 where within(distance, i, j) of a point y_j.
template <class Within>
__device__ __forceinline__ void find_any(MatrixView<const float> x, MatrixView<const float> y,
                                         std::int32_t* found, Within within) {
  device::for_each_in_blocks((x.rows + threads - 1) / threads, [&](std::int64_t band) {
    const std::int64_t i = band * threads + threadIdx.x;
    const bool mine = i < x.rows;
    std::int32_t any = 0;
    for (std::int64_t first = 0; first < y.rows; first += tile) {
      const int count = point_tiles::tile_count(first, y.rows);
      float squares[tile];
      point_tiles::squared_distances(mine ? x.row(i) : nullptr, y, first, count, squares);
#pragma unroll
      for (int j = 0; j < tile; ++j) {
        const bool there = mine && j < count;
        any |= there && within(math::square_root(squares[j]), i, first + j) ? 1 : 0;
      }
    }
    if (mine) store(found + i, any);
  });
}

__global__ void __launch_bounds__(threads) inside_balls(MatrixView<const float> x, MatrixView<const float> y,
                                                        const float* radii, std::int32_t* inside) {
  find_any(x, y, inside,
           [radii](float distance, std::int64_t, std::int64_t j) { return distance <= load(radii + j); });
}

__global__ void __launch_bounds__(threads)
    occupied_balls(MatrixView<const float> x, MatrixView<const float> y, const float* radii,
                   std::int32_t* occupied) {
  find_any(x, y, occupied,
           [radii](float distance, std::int64_t i, std::int64_t) { return distance <= load(radii + i); });
}

}  // namespace kernels::neighbors

template <class T>
void cuda::nearest_neighbors(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                             bool skip_own_row, MatrixView<T> distances, MatrixView<std::int32_t> indices) {
  using namespace kernels::neighbors;
  device::launch(
      kernels::neighbors::nearest_neighbors,
      {.grid = device::blocks_for(x.rows, threads), .block = threads, .stream = device::stream_of(context)},
      x, y, skip_own_row, distances, indices);
}
SPARCELL_INSTANTIATE_CUDA(cuda::nearest_neighbors);

template <class T>
void cuda::inside_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                        std::span<const T> radii, std::span<std::int32_t> inside) {
  using namespace kernels::neighbors;
  device::launch(
      kernels::neighbors::inside_balls,
      {.grid = device::blocks_for(x.rows, threads), .block = threads, .stream = device::stream_of(context)},
      x, y, radii.data(), inside.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::inside_balls);

template <class T>
void cuda::occupied_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                          std::span<const T> radii, std::span<std::int32_t> occupied) {
  using namespace kernels::neighbors;
  device::launch(
      kernels::neighbors::occupied_balls,
      {.grid = device::blocks_for(x.rows, threads), .block = threads, .stream = device::stream_of(context)},
      x, y, radii.data(), occupied.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::occupied_balls);

}  // namespace sparcell
