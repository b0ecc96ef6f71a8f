// How a matrix is spread over threads where its columns matter (sums over rows, parameters of features): in
// slabs of 16 columns. A thread owns four neighbouring columns of a slab and every lanes-th row; a warp
// touches 8 rows of 64 bytes, two whole sectors each. Slabs of one sector more would halve the number of
// blocks, of which a layer of 128 features has 8.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"

namespace sparcell::device {

inline constexpr int own_columns = widest<float>;
inline constexpr int slab_width = 16;
inline constexpr int slab_owners = slab_width / own_columns;  ///< threads side by side in a row

/// What a thread owns of a row.
using Four = Vector<float, own_columns>;

/// value(k) for k = 0 .. 3.
template <class Value>
__device__ __forceinline__ Four four(Value&& value) {
  Four out;
#pragma unroll
  for (int k = 0; k < own_columns; ++k) out[k] = value(k);
  return out;
}

__device__ __forceinline__ void add(Four& sum, const Four& value) {
#pragma unroll
  for (int k = 0; k < own_columns; ++k) sum[k] += value[k];
}

/// Several numbers for each of a thread's columns.
template <int count>
struct Fours {
  Four of[count];
};

/// Neighbouring columns that a thread owns: column .. column + count.
struct Columns {
  std::int64_t column;
  int count;  ///< 0 .. 4: the last ones may be fewer

  /// Of a row, or of parameters that have a number for every column.
  template <int width>
  __device__ __forceinline__ Four load(const float* row) const {
    return load_part<width, own_columns>(row + column, count);
  }
  template <int width>
  __device__ __forceinline__ void store(float* row, const Four& value) const {
    store_part<width>(row + column, value, count);
  }
};

/// The columns that begin at four times `vector`, of `cols`.
__device__ __forceinline__ Columns columns_at(std::int64_t vector, std::int64_t cols) {
  const std::int64_t column = vector * own_columns, left = cols - column;
  return {column, static_cast<int>(left < own_columns ? (left < 0 ? 0 : left) : own_columns)};
}

/// The calling thread's share of one slab: its columns, and rows row, row + row_step ...
struct Slab : Columns {
  std::int64_t row, row_step;

  /// Whether the thread writes what belongs to its columns as a whole.
  __device__ __forceinline__ bool leads() const { return row == 0; }

  /// Calls body(r) for every row of the thread.
  template <class Body>
  __device__ __forceinline__ void for_each_row(std::int64_t rows, Body&& body) const {
    for (std::int64_t r = row; r < rows; r += row_step) body(r);
  }

  /// Calls use(r, fetch(r)) for every row of the thread. What is fetched for `ahead` rows is on its way at
  /// once: a store in `use` would keep the next row's reads waiting otherwise. fetch reads no other row's
  /// memory.
  template <int ahead, class Fetch, class Use>
  __device__ __forceinline__ void for_each_row(std::int64_t rows, Fetch&& fetch, Use&& use) const {
#pragma unroll 1
    for (std::int64_t first = row; first < rows; first += ahead * row_step) {
      decltype(fetch(first)) items[ahead] = {};
#pragma unroll
      for (int u = 0; u < ahead; ++u) {
        if (first + u * row_step < rows) items[u] = fetch(first + u * row_step);
      }
#pragma unroll
      for (int u = 0; u < ahead; ++u) {
        if (first + u * row_step < rows) use(first + u * row_step, items[u]);
      }
    }
  }
};

/// Calls body(slab) for every slab of the block. All threads of the block call it equally often, also those
/// without columns, so that body may hold barriers.
template <int threads, class Body>
__device__ __forceinline__ void for_each_slab(std::int64_t cols, Body&& body) {
  constexpr int lanes = threads / slab_owners;
  const int lane = static_cast<int>(threadIdx.x) / slab_owners;
  for_each_in_blocks((cols + slab_width - 1) / slab_width, [&](std::int64_t s) {
    body(Slab{columns_at(s * slab_owners + threadIdx.x % slab_owners, cols),
              static_cast<std::int64_t>(blockIdx.y) * lanes + lane,
              static_cast<std::int64_t>(gridDim.y) * lanes});
  });
}

/// A grid whose blocks share the slabs only: each sees all rows.
inline dim3 slab_grid(std::int64_t cols) { return blocks_for(cols, slab_width); }

/// A grid whose blocks share slabs and rows.
template <int threads>
dim3 slab_grid(std::int64_t rows, std::int64_t cols) {
  const unsigned slabs = blocks_for(cols, slab_width);
  const auto most = static_cast<unsigned>(largest_grid) / std::max(slabs, 1u);
  return {slabs, std::min(blocks_for(rows, threads / slab_owners), most)};
}

/// The sums over the rows of a block of one slab, for every thread, of what each thread has summed over its
/// own. All threads call it.
template <int threads, int count>
__device__ __forceinline__ Fours<count> column_sums(Fours<count> sums) {
  constexpr int warps = threads / warp_size;
  const int warp = static_cast<int>(threadIdx.x) / warp_size,
            owner = static_cast<int>(threadIdx.x) % slab_owners;
  __shared__ Four partial[count][warps][slab_owners];
#pragma unroll
  for (int i = 0; i < count; ++i) {
#pragma unroll
    for (int distance = slab_owners; distance < warp_size; distance *= 2)
      add(sums.of[i], shuffle_xor(sums.of[i], distance));
    if (threadIdx.x % warp_size < slab_owners) partial[i][warp][owner] = sums.of[i];
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < count; ++i) {
    sums.of[i] = partial[i][0][owner];
    for (int w = 1; w < warps; ++w) add(sums.of[i], partial[i][w][owner]);
  }
  __syncthreads();  // the next call may write `partial`
  return sums;
}

}  // namespace sparcell::device
