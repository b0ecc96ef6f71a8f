// Dynamic shared memory: the bytes that a launch asked for with LaunchShape::shared.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "device/check.h"

namespace sparcell::device {

extern __shared__ __align__(16) unsigned char dynamic_shared_bytes[];

/// The launch's dynamic shared memory as an array of T.
template <class T>
__device__ __forceinline__ T* dynamic_shared() {
  return reinterpret_cast<T*>(dynamic_shared_bytes);
}

/// Whether a block of the context's device may have that much of it, beside 8 KiB that kernels declare.
inline bool fits_shared(Context& context, std::size_t bytes) {
  int most = 0;
  SPARCELL_CUDA_CHECK(
      cudaDeviceGetAttribute(&most, cudaDevAttrMaxSharedMemoryPerBlockOptin, context.device().index));
  return bytes + 8 * 1024 <= static_cast<std::size_t>(most);
}

}  // namespace sparcell::device
