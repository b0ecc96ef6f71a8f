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

#include "cuda_on_host/device_runtime.h"

#define SPARCELL_RECORD_READ(pointer, bytes) \
  if (cuda_on_host::access_record != nullptr) cuda_on_host::note_access(pointer, bytes, false)
#define SPARCELL_RECORD_WRITE(pointer, bytes) \
  if (cuda_on_host::access_record != nullptr) cuda_on_host::note_access(pointer, bytes, true)
#define cudaLaunchKernelEx ::cuda_on_host::launch_kernel
static const uint3& threadIdx = cuda_on_host::position.thread;
static const uint3& blockIdx = cuda_on_host::position.block;
static const dim3& blockDim = cuda_on_host::position.block_size;
static const dim3& gridDim = cuda_on_host::position.grid_size;
static const int warpSize = 32;

#include "cuda_on_host/device_functions.h"
