// Sums and other reductions over warps, blocks and grids. The order in which values meet depends on nothing
// but the shape of the launch, so results have the same bits in every run.
#pragma once

#include <cuda_runtime.h>

#include <bit>
#include <type_traits>

#include "device/access.h"
#include "device/launch.h"

namespace sparcell::device {

struct Plus {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a + b;
  }
};
struct Larger {
  template <class T>
  __device__ __forceinline__ T operator()(T a, T b) const {
    return a > b ? a : b;
  }
};

/// The value of the lane whose number differs by the bits of `distance`; T is any trivially copyable type of
/// whole words.
template <class T>
__device__ __forceinline__ T shuffle_xor(T value, int distance) {
  if constexpr (std::is_arithmetic_v<T>) {
    return __shfl_xor_sync(full_warp, value, distance);
  } else {
    static_assert(sizeof(T) % 4 == 0);
    struct Words {
      unsigned word[sizeof(T) / 4];
    };
    auto words = std::bit_cast<Words>(value);
#pragma unroll
    for (unsigned& word : words.word) word = __shfl_xor_sync(full_warp, word, distance);
    return std::bit_cast<T>(words);
  }
}

/// combine() over the 32 values of a warp, for every lane. All lanes of the warp call it.
template <class T, class Combine>
__device__ __forceinline__ T warp_reduce(T value, Combine combine) {
#pragma unroll
  for (int distance = warp_size / 2; distance > 0; distance /= 2)
    value = combine(value, shuffle_xor(value, distance));
  return value;
}

template <class T>
__device__ __forceinline__ T warp_sum(T value) {
  return warp_reduce(value, Plus{});
}

/// combine() over the values of a block of `threads` threads (a multiple of 32), for every thread. All
/// threads call it; it begins and ends with the block's threads at different places, so no barrier is needed
/// around it.
template <int threads, class T, class Combine>
__device__ __forceinline__ T block_reduce(T value, Combine combine) {
  static_assert(threads % warp_size == 0 && threads <= 1024);
  constexpr int warps = threads / warp_size;
  value = warp_reduce(value, combine);
  if constexpr (warps == 1) return value;
  __shared__ T partial[warps];
  if (threadIdx.x % warp_size == 0) partial[threadIdx.x / warp_size] = value;
  __syncthreads();
  T total = partial[0];
#pragma unroll
  for (int warp = 1; warp < warps; ++warp) total = combine(total, partial[warp]);
  __syncthreads();  // the next reduction may write `partial`
  return total;
}

template <int threads, class T>
__device__ __forceinline__ T block_sum(T value) {
  return block_reduce<threads>(value, Plus{});
}

/// Whether the calling block is the last of `blocks` blocks to come here with this ticket; what the others
/// wrote before is then visible to it. All threads of the block call it. `*ticket` is 0 before the launch and
/// 0 after it (cuda::tickets).
__device__ __forceinline__ bool is_last_of(unsigned blocks, unsigned* ticket) {
  __shared__ bool last;
  __threadfence();
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicInc(ticket, blocks - 1) == blocks - 1;  // wraps to 0
    __threadfence();
  }
  __syncthreads();
  return last;
}

/// The same of the blocks with its blockIdx.z (which is all, in a grid of one or two dimensions), with a
/// ticket for each z.
__device__ __forceinline__ bool is_last_block(unsigned* tickets) {
  return is_last_of(gridDim.x * gridDim.y, tickets + blockIdx.z);
}

/// Adds up a value of every block with the same blockIdx.z, in the order of blocks: in the last of them to
/// come here it becomes the sum, for all its threads, and true is returned; elsewhere false. `partial` has
/// room for a number a block of the grid. All threads of a block call it with the same value.
template <int threads, class T>
__device__ __forceinline__ bool sum_over_blocks(T& value, T* partial, unsigned* tickets) {
  partial += std::int64_t{blockIdx.z} * gridDim.x * gridDim.y;
  if (threadIdx.x == 0) store(partial + blockIdx.y * gridDim.x + blockIdx.x, value);
  if (!is_last_block(tickets)) return false;
  value = T(0);
  for_each_in_block(gridDim.x * gridDim.y, [&](std::int64_t block) { value += load(partial + block); });
  value = block_sum<threads>(value);
  return true;
}

}  // namespace sparcell::device
