// The runtime API: errors, devices, memory, copies.
#include <fmt/format.h>

#include <cstring>
#include <map>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/played.h"
#include "cuda_on_host/runtime.h"
#include "cuda_on_host/shared_memory.h"

namespace cuda_on_host {
namespace {

std::string last_description;
cudaError_t last_error = cudaSuccess;
int current_device = 0;
std::map<cudaError_t, std::string> descriptions;

/// Whether a copy's pointers lie where its direction says; empty if they do.
std::string misplaced(const void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  const bool to_device = kind == cudaMemcpyHostToDevice || kind == cudaMemcpyDeviceToDevice;
  const bool from_device = kind == cudaMemcpyDeviceToHost || kind == cudaMemcpyDeviceToDevice;
  if (kind == cudaMemcpyDefault) return "";
  if (to_device != device_memory().contains(to) || from_device != device_memory().contains(from))
    return "a copy whose direction does not fit its pointers";
  std::string refused = to_device ? device_memory().refused(to, bytes) : "";
  if (refused.empty() && from_device) refused = device_memory().refused(from, bytes);
  return refused;
}

char* reachable(void* pointer) {
  return device_memory().contains(pointer) ? device_memory().alias(pointer) : static_cast<char*>(pointer);
}

std::string copy_now(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  std::string wrong = misplaced(to, from, bytes, kind);
  if (!wrong.empty()) return wrong;
  std::memmove(reachable(to), reachable(const_cast<void*>(from)), bytes);
  if (checker != nullptr && device_memory().contains(to)) checker->written_by_host(to, bytes);
  return "";
}

std::string fill_now(void* memory, int value, std::size_t bytes) {
  std::string wrong = device_memory().refused(memory, bytes);
  if (!wrong.empty()) return wrong;
  std::memset(device_memory().alias(memory), value, bytes);
  if (checker != nullptr) checker->written_by_host(memory, bytes);
  return "";
}

/// Programs of CUDA 13 run with every driver of CUDA 13.
constexpr int oldest_driver = CUDART_VERSION / 1000 * 1000;

/// What calls without a stream wait for: streams that are created here never wait for the null stream, nor it
/// for them.
std::string run_null_stream() {
  Stream& stream = *stream_of(nullptr);
  return run_until(stream, stream.issued);
}

}  // namespace

cudaError_t report(cudaError_t status, const std::string& what) {
  if (what.empty()) return cudaSuccess;
  last_error = status;
  descriptions[status] = what;
  return status;
}

cudaError_t refuse_in_capture(const char* call) {
  if (!capturing()) return cudaSuccess;
  return report(cudaErrorStreamCaptureUnsupported, fmt::format("{} while a stream is captured", call));
}

}  // namespace cuda_on_host

using namespace cuda_on_host;

extern "C" {

cudaError_t cudaGetLastError() {
  const cudaError_t status = last_error;
  last_error = cudaSuccess;
  return status;
}
cudaError_t cudaPeekAtLastError() { return last_error; }
const char* cudaGetErrorName(cudaError_t status) {
#define CUDA_ON_HOST_NAME(error) \
  case error:                    \
    return #error
  switch (status) {
    CUDA_ON_HOST_NAME(cudaSuccess);
    CUDA_ON_HOST_NAME(cudaErrorInsufficientDriver);
    CUDA_ON_HOST_NAME(cudaErrorInvalidDevice);
    CUDA_ON_HOST_NAME(cudaErrorLaunchFailure);
    CUDA_ON_HOST_NAME(cudaErrorMemoryAllocation);
    CUDA_ON_HOST_NAME(cudaErrorNoDevice);
    CUDA_ON_HOST_NAME(cudaErrorStreamCaptureUnsupported);
    CUDA_ON_HOST_NAME(cudaErrorUnknown);
    default:
      return "cudaErrorInvalidValue";
  }
#undef CUDA_ON_HOST_NAME
}
const char* cudaGetErrorString(cudaError_t status) {
  return status == cudaSuccess ? "no error" : descriptions[status].c_str();
}

cudaError_t cudaGetDeviceCount(int* count) {
  CUDA_ON_HOST_MAY_FAIL();
  *count = 0;
  if (played_driver() < oldest_driver)
    return report(cudaErrorInsufficientDriver,
                  "CUDA driver version is insufficient for CUDA runtime version");
  if (played_devices() == 0) return report(cudaErrorNoDevice, "no CUDA-capable device is detected");
  *count = played_devices();
  return cudaSuccess;
}
cudaError_t cudaDriverGetVersion(int* version) {
  *version = played_driver();
  return cudaSuccess;
}
cudaError_t cudaSetDevice(int device) {
  CUDA_ON_HOST_MAY_FAIL();
  if (device < 0 || device >= played_devices())
    return report(cudaErrorInvalidDevice, "there is no such device");
  current_device = device;
  return cudaSuccess;
}
cudaError_t cudaGetDevice(int* device) {
  *device = current_device;
  return cudaSuccess;
}
cudaError_t cudaGetDeviceProperties(cudaDeviceProp* properties, int device) {
  if (device < 0 || device >= played_devices())
    return report(cudaErrorInvalidDevice, "there is no such device");
  *properties = {};
  std::strcpy(properties->name, "emulated GPU");
  properties->l2CacheSize = 1 << 18;
  properties->totalGlobalMem = device_memory().total_bytes();
  return cudaSuccess;
}
cudaError_t cudaDeviceGetAttribute(int* value, cudaDeviceAttr attribute, int device) {
  switch (attribute) {
    case cudaDevAttrMaxSharedMemoryPerBlockOptin:
      *value = static_cast<int>(played_shared());
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMajor:
      *value = played_capability(device) / 10;
      return cudaSuccess;
    case cudaDevAttrComputeCapabilityMinor:
      *value = played_capability(device) % 10;
      return cudaSuccess;
    default:
      return report(cudaErrorNotSupported,
                    "cudaDeviceGetAttribute: the emulated device knows no such attribute");
  }
}

cudaError_t cudaFuncSetAttribute(const void* kernel, cudaFuncAttribute attribute, int value) {
  if (attribute == cudaFuncAttributeMaxDynamicSharedMemorySize)
    allow_shared(kernel, static_cast<std::size_t>(value));
  return cudaSuccess;
}

cudaError_t cudaDeviceGetDefaultMemPool(cudaMemPool_t* pool, int) {
  *pool = nullptr;
  return cudaSuccess;
}
cudaError_t cudaMemPoolSetAttribute(cudaMemPool_t, cudaMemPoolAttr, void*) { return cudaSuccess; }

cudaError_t cudaMemGetInfo(std::size_t* free, std::size_t* total) {
  CUDA_ON_HOST_MAY_FAIL();
  *free = device_memory().free_bytes();
  *total = device_memory().total_bytes();
  return cudaSuccess;
}

cudaError_t cudaMalloc(void** memory, std::size_t bytes) {
  CUDA_ON_HOST_MAY_FAIL();
  if (const cudaError_t refused = refuse_in_capture("an allocation"); refused != cudaSuccess) return refused;
  *memory = device_memory().allocate(bytes);
  if (*memory == nullptr) return report(cudaErrorMemoryAllocation, "out of memory");
  return cudaSuccess;
}
cudaError_t cudaFree(void* memory) {
  if (const cudaError_t refused = refuse_in_capture("a release"); refused != cudaSuccess) return refused;
  std::string failure = run_all();
  if (failure.empty() && memory != nullptr) failure = device_memory().release(memory);
  return report_failure(failure);
}
cudaError_t cudaMallocAsync(void** memory, std::size_t bytes, cudaStream_t) {
  CUDA_ON_HOST_MAY_FAIL();
  return cudaMalloc(memory, bytes);
}
cudaError_t cudaFreeAsync(void* memory, cudaStream_t stream) {
  CUDA_ON_HOST_MAY_FAIL();
  if (const cudaError_t refused = refuse_in_capture("a release"); refused != cudaSuccess) return refused;
  enqueue(*stream_of(stream), [memory] { return device_memory().release(memory); });
  return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind,
                            cudaStream_t stream) {
  CUDA_ON_HOST_MAY_FAIL();
  enqueue(*stream_of(stream), [=] { return copy_now(to, from, bytes, kind); });
  return cudaSuccess;
}
cudaError_t cudaMemcpy(void* to, const void* from, std::size_t bytes, cudaMemcpyKind kind) {
  CUDA_ON_HOST_MAY_FAIL();
  if (const cudaError_t refused = refuse_in_capture("a copy that waits"); refused != cudaSuccess)
    return refused;
  std::string failure = run_null_stream();
  if (failure.empty()) failure = copy_now(to, from, bytes, kind);
  return report_failure(failure);
}
cudaError_t cudaMemset(void* memory, int value, std::size_t bytes) {
  CUDA_ON_HOST_MAY_FAIL();
  if (const cudaError_t refused = refuse_in_capture("filling memory at once"); refused != cudaSuccess)
    return refused;
  std::string failure = run_null_stream();
  if (failure.empty()) failure = fill_now(memory, value, bytes);
  return report_failure(failure);
}
cudaError_t cudaMemsetAsync(void* memory, int value, std::size_t bytes, cudaStream_t stream) {
  CUDA_ON_HOST_MAY_FAIL();
  enqueue(*stream_of(stream), [=] { return fill_now(memory, value, bytes); });
  return cudaSuccess;
}

}  // extern "C"
