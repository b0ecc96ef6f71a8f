// Squared distances of one point of x per thread to tiles of points of y, whose coordinates pass through
// shared memory: what neighbours and sums of kernels are made of.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "device/access.h"
#include "math/elementary.h"
#include "sparcell/core/matrix.h"

namespace sparcell::kernels::point_tiles {

constexpr int threads = 64;  // points of x that a block takes
constexpr int tile = 32;     // points of y that meet them at once
constexpr int depth = 16;    // coordinates in shared memory

/// Of y's points from `first` to `end`, how many a tile holds.
__device__ __forceinline__ int tile_count(std::int64_t first, std::int64_t end) {
  return static_cast<int>(end - first < tile ? end - first : tile);
}

/// squares[j] = |x - y_{first + j}|^2 for j < count, coordinates in their order as on the CPU. `point` is the
/// calling thread's row of x, or null where it has none. All threads of the block call it.
__device__ __forceinline__ void squared_distances(const float* point, MatrixView<const float> y,
                                                  std::int64_t first, int count, float (&squares)[tile]) {
  __shared__ float coordinates[depth][tile + 1];
#pragma unroll
  for (float& square : squares) square = 0.0f;
  for (std::int64_t begin = 0; begin < y.cols; begin += depth) {
    const auto present = static_cast<int>(y.cols - begin < depth ? y.cols - begin : depth);
    __syncthreads();  // the coordinates before have been read
    for (int e = static_cast<int>(threadIdx.x); e < depth * tile; e += threads) {
      const int row = e / depth, c = e % depth;
      const bool there = row < count && c < present;
      device::store(&coordinates[c][row], there ? device::load(y.row(first + row) + begin + c) : 0.0f);
    }
    __syncthreads();
    if (point == nullptr) continue;
    for (int c = 0; c < present; ++c) {
      const float own = device::load(point + begin + c);
#pragma unroll
      for (int j = 0; j < tile; ++j) {
        const float difference = device::load(&coordinates[c][j]) - own;
        squares[j] = math::fma(difference, difference, squares[j]);
      }
    }
  }
}

}  // namespace sparcell::kernels::point_tiles
