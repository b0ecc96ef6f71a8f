#include "device/check.h"

namespace sparcell {

void device::check(cudaError_t status, const char* expression, const char* file, int line) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that is reported here does not come up again in the next call
  const char* sentence = cudaGetErrorString(status);
  switch (status) {
    case cudaErrorMemoryAllocation:
      throw MemoryError("CUDA is out of device memory: {} ({}:{})", expression, file, line);
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInitializationError:
    case cudaErrorInvalidDevice:
    case cudaErrorDevicesUnavailable:
    case cudaErrorNoKernelImageForDevice:
    case cudaErrorSystemDriverMismatch:
      throw UsageError("the CUDA device cannot be used: {}; use device: cpu, or repair the driver", sentence);
    default:
      throw InternalError("CUDA failed: {} gives {} ({}), {}:{}", expression, cudaGetErrorName(status),
                          sentence, file, line);
  }
}

}  // namespace sparcell
