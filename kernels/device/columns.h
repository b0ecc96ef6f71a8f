// Quantities of every column, gathered over all rows: a block takes a slab of 32 columns, a lane each, and
// its warps take turns at the rows. A warp reads 128 neighbouring bytes of a row, and a column's quantities
// meet in the order of warps, whatever the number of rows.
#pragma once

#include <cuda_runtime.h>

#include "device/access.h"
#include "device/launch.h"

namespace sparcell::device {

inline constexpr int slab_columns = warp_size;

/// The calling thread's place in its slab. Threads whose column is not below the number of columns take part
/// in barriers only.
struct SlabPlace {
  int lane, warp;
  std::int64_t column;

  __device__ __forceinline__ SlabPlace()
      : lane(static_cast<int>(threadIdx.x) % warp_size),
        warp(static_cast<int>(threadIdx.x) / warp_size),
        column(static_cast<std::int64_t>(blockIdx.x) * slab_columns + lane) {}
};

/// values[column] for the calling thread, read once for a slab; 0 where there is no column. All threads of
/// the block call it, once a launch.
__device__ __forceinline__ double of_slab(const SlabPlace& place, std::int64_t columns,
                                          const double* values) {
  __shared__ double shared[slab_columns];
  if (place.warp == 0) store(shared + place.lane, place.column < columns ? load(values + place.column) : 0.0);
  __syncthreads();
  return load(shared + place.lane);
}

/// combine(quantity, a, b) over the warps' values of each of `quantities` quantities, into
/// use(quantity, value), which one thread calls for each quantity of each column. All threads of a block of
/// `warps` >= `quantities` warps call it, once a launch.
template <int quantities, int warps, class Combine, class Use>
__device__ __forceinline__ void combine_slab(const SlabPlace& place, std::int64_t columns,
                                             const double (&mine)[quantities], Combine&& combine, Use&& use) {
  static_assert(quantities <= warps);
  __shared__ double of_warps[quantities][warps][slab_columns];
#pragma unroll
  for (int q = 0; q < quantities; ++q) store(&of_warps[q][place.warp][place.lane], mine[q]);
  __syncthreads();
  const int q = place.warp;
  if (q >= quantities || place.column >= columns) return;
  double value = load(&of_warps[q][0][place.lane]);
#pragma unroll
  for (int warp = 1; warp < warps; ++warp) value = combine(q, value, load(&of_warps[q][warp][place.lane]));
  use(q, value);
}

}  // namespace sparcell::device
