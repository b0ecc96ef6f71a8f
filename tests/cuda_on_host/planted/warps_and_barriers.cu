// Planted bugs in barriers and warp operations.
#include "device/launch.h"
#include "planted/planted.h"

namespace planted {
namespace kernels {

using sparcell::device::full_warp;

/// Half of the block meets at one barrier, half at another.
template <bool bug>
__global__ void divergent_barrier(Arrays a) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = a.in[threadIdx.x];
  if (bug && threadIdx.x < threads / 2) {
    __syncthreads();
  } else {
    __syncthreads();
  }
  a.out[blockIdx.x * threads + threadIdx.x] = tile[threads - 1 - threadIdx.x];
}

/// A warp operation of all lanes that half of them do not come to.
template <bool bug>
__global__ void incomplete_warp(Arrays a) {
  float value = a.in[threadIdx.x];
  if (!bug || threadIdx.x % 2 == 0) value = __shfl_xor_sync(full_warp, value, 2);
  __syncthreads();
  a.out[blockIdx.x * threads + threadIdx.x] = value;
}

/// A lane is read that is not in the mask.
template <bool bug>
__global__ void absent_lane(Arrays a) {
  const unsigned lower = 0xffffu;
  float value = a.in[threadIdx.x];
  if (threadIdx.x % 32 < 16) value = __shfl_sync(lower, value, bug ? 20 : 5);
  a.out[blockIdx.x * threads + threadIdx.x] = value;
}

/// Lanes of a warp exchange numbers through memory without meeting.
template <bool bug>
__global__ void warp_without_meeting(Arrays a) {
  __shared__ float tile[threads];
  tile[threadIdx.x] = a.in[threadIdx.x];
  if (!bug) __syncwarp();
  a.out[blockIdx.x * threads + threadIdx.x] = tile[threadIdx.x ^ 1];
}

/// The masks that lanes name differ.
template <bool bug>
__global__ void different_masks(Arrays a) {
  const unsigned mask = bug && threadIdx.x % 32 >= 16 ? full_warp - 1 : full_warp;
  a.out[blockIdx.x * threads + threadIdx.x] = __shfl_xor_sync(mask, a.in[threadIdx.x], 1);
}

}  // namespace kernels

namespace {

template <class Kernel>
void launch(sparcell::Context& context, const Arrays& arrays, Kernel kernel) {
  sparcell::device::launch(
      kernel, {.grid = blocks, .block = threads, .stream = sparcell::device::stream_of(context)}, arrays);
}

}  // namespace

// clang-format off
#define PLANTED(name, found, builds)                                                   \
  Case{#name, [](sparcell::Context& context, const Arrays& arrays, bool bug) {         \
         launch(context, arrays, bug ? kernels::name<true> : kernels::name<false>);    \
       }, found, builds}
// clang-format on

std::vector<Case> warp_and_barrier_cases() {
  return {PLANTED(divergent_barrier, "divergent barrier: ", every_build),
          PLANTED(incomplete_warp, "deadlock: ", every_build),
          PLANTED(absent_lane, "which does not take part", every_build),
          PLANTED(warp_without_meeting, early_read, checked),
          PLANTED(different_masks, "deadlock: ", every_build)};
}

}  // namespace planted
