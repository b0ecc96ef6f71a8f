// The profiler's window. A profiler of the emulated device is a file: RECORDED_RANGES gets a line for each
// edge, among those of ranges (tests/profile/record_ranges.cpp).
#include <cuda_profiler_api.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>

#include "cuda_on_host/played.h"
#include "cuda_on_host/runtime.h"

namespace {

cudaError_t note(const char* edge) {
  const char* const path = std::getenv("RECORDED_RANGES");
  if (path == nullptr) return cudaSuccess;
  const int file = ::open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  const std::string line = fmt::format("{} profiler {}\n", ::gettid(), edge);
  const bool written = ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
  ::close(file);
  return written ? cudaSuccess
                 : cuda_on_host::report(cudaErrorUnknown, "the profiler's window cannot be recorded");
}

}  // namespace

extern "C" {

cudaError_t cudaProfilerStart() {
  CUDA_ON_HOST_MAY_FAIL();
  return note("start");
}
cudaError_t cudaProfilerStop() {
  CUDA_ON_HOST_MAY_FAIL();
  return note("stop");
}

}  // extern "C"
