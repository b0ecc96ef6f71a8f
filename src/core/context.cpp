#include "sparcell/core/context.h"

#include <sched.h>

#include <algorithm>
#include <charconv>

#include "cpu/memory.h"

namespace sparcell {

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

Device find_device(const std::string& name) {
  if (name == "auto" || name == "cpu") return {};
  if (name == "cuda" || name.starts_with("cuda:")) {
    throw UsageError("device {}: this build of sparcell has no CUDA; use device: cpu or auto", name);
  }
  throw UsageError("device {}: expected auto, cpu, cuda or cuda:N", name);
}

Context::Context(Device device, int threads)
    : device_(device), threads_(threads > 0 ? threads : available_threads()), memory_(cpu::make_memory()) {
  if (device.is_cuda()) throw UsageError("device {}: this build of sparcell has no CUDA", device.name());
}

}  // namespace sparcell
