#include "device/check.h"

namespace sparcell {

void device::check(cudaError_t status, const char* expression, const char* file, int line) {
  if (status == cudaSuccess) return;
  cudaGetLastError();  // an error that is reported here does not come up again in the next call
  const char* sentence = cudaGetErrorString(status);
  switch (status) {
    case cudaErrorMemoryAllocation: {
      std::size_t free = 0, total = 0;
      cudaMemGetInfo(&free, &total);
      constexpr double mebibyte = 1 << 20;
      throw MemoryError(
          "CUDA is out of device memory: {} ({}:{}), {:.1f} of {:.1f} MiB are free; lower train.batch, "
          "select fewer genes, or use device: cpu",
          expression, file, line, static_cast<double>(free) / mebibyte,
          static_cast<double>(total) / mebibyte);
    }
    case cudaErrorNoDevice:
    case cudaErrorInsufficientDriver:
    case cudaErrorInitializationError:
    case cudaErrorInvalidDevice:
    case cudaErrorDevicesUnavailable:
    case cudaErrorNotSupported:
    case cudaErrorSystemDriverMismatch:
      throw UsageError("the CUDA device cannot be used: {}; use device: cpu, or repair the driver", sentence);
    case cudaErrorNoKernelImageForDevice:
      throw UsageError(
          "the CUDA device cannot be used: {}; cmake --preset architectures makes a build for it", sentence);
    default:
      throw InternalError("CUDA failed: {} gives {} ({}), {}:{}", expression, cudaGetErrorName(status),
                          sentence, file, line);
  }
}

}  // namespace sparcell
