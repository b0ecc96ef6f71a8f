// What loss kernels share: a sparse target row spread out in shared memory, and the sum that ends a loss.
#pragma once

#include "device/reduce.h"
#include "device/rows.h"
#include "device/slab.h"
#include "device/sparse.h"
#include "math/activation.h"

namespace sparcell::kernels {

constexpr int loss_threads = 256;
constexpr std::int64_t target_tile = 8192;  ///< columns of a row in shared memory, 32 KiB

__host__ __device__ inline std::int64_t target_tiles(std::int64_t cols) {
  return (cols + target_tile - 1) / target_tile;
}

/// What a loss makes of an output, identity or relu, and its derivative.
__device__ __forceinline__ float output(OutputActivation activation, float a) {
  return activation == OutputActivation::relu ? math::Relu{}.value(a) : a;
}
__device__ __forceinline__ float output_slope(OutputActivation activation, float a) {
  return activation == OutputActivation::relu ? math::Relu{}.first(a) : 1.0f;
}

/// Vectors of neighbouring columns; the last may be cut.
__device__ __forceinline__ std::int64_t vectors_of(std::int64_t columns) {
  return (columns + device::own_columns - 1) / device::own_columns;
}

__device__ __forceinline__ double sum_of(const device::Four& v) {
  return static_cast<double>((v[0] + v[1]) + (v[2] + v[3]));
}

/// Writes columns [begin, begin + count) of one row of x to `target`, zeros where it has no entry. Threads
/// may then read the vectors of for_each_in_block(vectors_of(count)): each clears its own and waits before it
/// writes any other, so that the next call needs no barrier before it.
__device__ __forceinline__ void spread(const CsrView<const float>& x, std::int64_t row, std::int64_t begin,
                                       std::int64_t count, float* target) {
  device::for_each_in_block(vectors_of(count), [&](std::int64_t v) {
    device::store_vector(target + v * device::own_columns, device::Four{});
  });
  const device::Entries entries = device::entries_of(x, row, begin, begin + count);
  __syncthreads();
  device::for_each_in_block(entries.count(), [&](std::int64_t k) {
    device::store(target + device::load(x.indices + entries.first + k) - begin,
                  device::load(x.values + entries.first + k));
  });
  __syncthreads();
}

/// *loss += scale * the sum of every block's `sum`, which all its threads hold.
__device__ __forceinline__ void add_to_loss(double sum, double scale, double* loss, double* partial,
                                            unsigned* ticket) {
  if (device::sum_over_blocks<loss_threads>(sum, partial, ticket) && threadIdx.x == 0)
    device::store(loss, device::load(loss) + scale * sum);
}

}  // namespace sparcell::kernels
