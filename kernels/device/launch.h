// The one way to launch a kernel, and how work is spread over a grid.
//
//     launch(kernels::scale::scale_rows, {.grid = blocks_for(rows, rows_per_block), .block = threads,
//                                         .stream = stream_of(context)}, x, rows, factor);
//
// Arguments are converted to the kernel's parameter types and copied when launch() is called. A grid without
// blocks launches nothing.
#pragma once

#include <cuda_runtime.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "device/check.h"

namespace sparcell::device {

inline constexpr int warp_size = 32;
inline constexpr unsigned full_warp = 0xffffffffu;

/// More blocks than a GPU holds at once (132 multiprocessors x 32 blocks) bring nothing to a loop over the
/// grid. A constant and not a property of the device, so that sums are added in the same order on every one.
/// (One kernel is chosen by the device's shared memory: kernels/cuda/linear's of sparse batches.)
inline constexpr std::int64_t largest_grid = 4224;

/// Dynamic shared memory that every kernel may have without being asked, beside 8 KiB that it declares.
inline constexpr std::size_t plain_shared_bytes = 40 * 1024;

struct LaunchShape {
  dim3 grid = 1;
  dim3 block = 1;
  std::size_t shared = 0;  ///< bytes of dynamic shared memory (device/shared.h)
  cudaStream_t stream = nullptr;
};

/// Blocks for `count` items of which a block takes `per_block` at a time, going round where there are more
/// than largest_grid * per_block.
inline unsigned blocks_for(std::int64_t count, std::int64_t per_block) {
  return static_cast<unsigned>(std::min((count + per_block - 1) / per_block, largest_grid));
}

template <class... Parameters, class... Arguments>
void launch(void (*kernel)(Parameters...), const LaunchShape& shape, Arguments&&... arguments) {
  if (shape.grid.x == 0 || shape.grid.y == 0 || shape.grid.z == 0) return;
  if (shape.shared > plain_shared_bytes) {  // a kernel must be allowed it
    SPARCELL_CUDA_CHECK(cudaFuncSetAttribute(reinterpret_cast<const void*>(kernel),
                                             cudaFuncAttributeMaxDynamicSharedMemorySize,
                                             static_cast<int>(shape.shared)));
  }
  cudaLaunchConfig_t config{};
  config.gridDim = shape.grid;
  config.blockDim = shape.block;
  config.dynamicSmemBytes = shape.shared;
  config.stream = shape.stream;
  SPARCELL_CUDA_CHECK(cudaLaunchKernelEx(&config, kernel, std::forward<Arguments>(arguments)...));
}

/// The number of the calling thread within a grid of one dimension, and how many there are.
__device__ __forceinline__ std::int64_t grid_thread() {
  return static_cast<std::int64_t>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ std::int64_t grid_threads() {
  return static_cast<std::int64_t>(gridDim.x) * blockDim.x;
}

/// Calls body(i) for every i of [0, count), each by one thread of the grid; neighbours in i are neighbours in
/// a warp.
template <class Body>
__device__ __forceinline__ void for_each_in_grid(std::int64_t count, Body&& body) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_threads()) body(i);
}

/// Calls body(i) for every i of [0, count), each by one block of the grid: all its threads call body with the
/// same i, so that body may hold barriers.
template <class Body>
__device__ __forceinline__ void for_each_in_blocks(std::int64_t count, Body&& body) {
  for (std::int64_t i = blockIdx.x; i < count; i += gridDim.x) body(i);
}

/// Calls body(i) for every i of [0, count), each by one thread of the block.
template <class Body>
__device__ __forceinline__ void for_each_in_block(std::int64_t count, Body&& body) {
  for (std::int64_t i = threadIdx.x; i < count; i += blockDim.x) body(i);
}

}  // namespace sparcell::device
