// A GPU's time and facts.
#include "../device.h"

#include <cuda_profiler_api.h>
#include <cuda_runtime_api.h>

#include "device/check.h"

namespace sparcell::bench_gpu {
namespace {

struct Event {
  cudaEvent_t event = nullptr;
  Event() { SPARCELL_CUDA_CHECK(cudaEventCreate(&event)); }
  ~Event() { cudaEventDestroy(event); }
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
};

std::string version_text(int version) { return fmt::format("{}.{}", version / 1000, version % 1000 / 10); }

}  // namespace

bool has_time() { return true; }

Json device_facts(Context& context) {
  cudaDeviceProp properties{};
  SPARCELL_CUDA_CHECK(cudaGetDeviceProperties(&properties, context.device().index));
  int driver = 0, runtime = 0;
  SPARCELL_CUDA_CHECK(cudaDriverGetVersion(&driver));
  SPARCELL_CUDA_CHECK(cudaRuntimeGetVersion(&runtime));
  return {{"name", properties.name},
          {"memory_bytes", properties.totalGlobalMem},
          {"l2_bytes", properties.l2CacheSize},
          {"multiprocessors", properties.multiProcessorCount},
          {"compute_capability", fmt::format("{}.{}", properties.major, properties.minor)},
          {"driver_supports_cuda", version_text(driver)},
          {"built_with_cuda", version_text(runtime)}};
}

double microseconds(Context& context, const std::function<void()>& work) {
  const cudaStream_t stream = device::stream_of(context);
  const Event start, end;
  SPARCELL_CUDA_CHECK(cudaEventRecord(start.event, stream));
  work();
  SPARCELL_CUDA_CHECK(cudaEventRecord(end.event, stream));
  SPARCELL_CUDA_CHECK(cudaEventSynchronize(end.event));
  float milliseconds = 0;
  SPARCELL_CUDA_CHECK(cudaEventElapsedTime(&milliseconds, start.event, end.event));
  return 1e3 * static_cast<double>(milliseconds);
}

void start_capture() { SPARCELL_CUDA_CHECK(cudaProfilerStart()); }
void stop_capture() { SPARCELL_CUDA_CHECK(cudaProfilerStop()); }

}  // namespace sparcell::bench_gpu
