// What the emulated machine is told to play, so that tests see how a program takes it:
//   SPARCELL_EMULATED_DRIVER   CUDA version of its driver, as 11.4, or none
//   SPARCELL_EMULATED_DEVICES  how many GPUs it has
//   SPARCELL_EMULATED_MEMORY   bytes of a GPU
//   SPARCELL_EMULATED_SHARED   bytes of shared memory of a block: 65536 as compute capability 7.5
//   SPARCELL_EMULATED_CAPABILITIES  of the GPUs one after another, as 8.0,9.0; of further ones 9.0
//   SPARCELL_EMULATED_FAILURE  a function of the runtime API whose call fails, as cudaGraphLaunch, or
//                              cudaGraphLaunch:3 for its third call, and everything behind it, as on a GPU that
//                              broke; cudaGraphLaunch:3:memory fails for want of memory, once
// A value that cannot be read ends the program: a test would prove nothing.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

namespace cuda_on_host {

/// As cudaDriverGetVersion gives it: 0 without a driver.
int played_driver();
int played_devices();
std::size_t played_memory();
std::size_t played_shared();
/// 10 * major + minor.
int played_capability(int device);

/// What a call of `function` returns before it does anything: success, unless it is told to fail or one
/// before it was.
cudaError_t played_failure(const char* function);

}  // namespace cuda_on_host

/// First in a function of the runtime API.
#define CUDA_ON_HOST_MAY_FAIL() \
  if (const cudaError_t played = cuda_on_host::played_failure(__func__); played != cudaSuccess) return played
