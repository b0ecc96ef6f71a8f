// What nvcc adds to C++, for g++: kernels are compiled unchanged as `g++ -x c++ -include
// cuda_on_host/device_language.h` and run by the other files here. NVIDIA's own headers supply the types and
// the declarations of the runtime API.
#pragma once

#define __host__
#define __device__
#define __global__
#define __constant__
#define __grid_constant__
#define __shared__ thread_local  // all of it lies in the kernels' PT_TLS block, see shared_memory.h
#define __launch_bounds__(...)

#include <cuda_runtime.h>

#include <cmath>
#include <cstdint>
#include <functional>
#include <source_location>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cuda_on_host {

using Where = std::source_location;

/// What the running thread reads as threadIdx and so on.
struct ThreadPosition {
  uint3 thread, block;
  dim3 block_size, grid_size;
};
extern ThreadPosition position;  ///< set at every switch between threads

void block_barrier(int& count, bool vote, Where where);
void warp_barrier(unsigned mask, Where where);
/// The value (of `bytes` <= 8 bytes) that `lane` (0..31) brings to the same operation of the same mask.
void warp_exchange(const char* operation, unsigned mask, const void* mine, std::size_t bytes, int lane,
                   void* out, Where where);
/// A bit for each lane of the mask whose `vote` is true.
unsigned warp_vote(const char* operation, unsigned mask, bool vote, Where where);
unsigned active_lanes();
int lane();
void fence();
/// Before and after a read-modify-write of memory that threads share.
void begin_atomic(void* address, std::size_t bytes, Where where);
void end_atomic(void* address, std::size_t bytes);
cudaError_t launch_closure(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> body);

template <class... Parameters, class... Arguments>
cudaError_t launch_kernel(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                          Arguments&&... arguments) {
  return launch_closure(
      *config, reinterpret_cast<const void*>(kernel),
      [kernel, snapshot = std::tuple<std::decay_t<Parameters>...>(static_cast<Parameters>(arguments)...)] {
        std::apply(kernel, snapshot);
      });
}

}  // namespace cuda_on_host

#define cudaLaunchKernelEx ::cuda_on_host::launch_kernel
static const uint3& threadIdx = cuda_on_host::position.thread;
static const uint3& blockIdx = cuda_on_host::position.block;
static const dim3& blockDim = cuda_on_host::position.block_size;
static const dim3& gridDim = cuda_on_host::position.grid_size;
static const int warpSize = 32;

#include "cuda_on_host/device_functions.h"
