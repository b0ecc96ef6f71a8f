#include "sparcell/core/context.h"

#include <sched.h>

#include <algorithm>
#include <charconv>

#include "core/cpu_quota.h"
#include "cpu/memory.h"
#ifdef SPARCELL_HAS_CUDA
#include "cuda/memory.h"
#endif

namespace sparcell {

int available_threads() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const int cores = std::max(1, CPU_COUNT(&set));
  return std::min(cores, core::cpu_quota().value_or(cores));
}

namespace {

#ifdef SPARCELL_HAS_CUDA
cuda::Devices cuda_devices() { return cuda::find_devices(); }
std::unique_ptr<DeviceMemory> cuda_memory(int index) { return cuda::make_memory(index); }
#else
struct NoDevices {
  int count = 0, first = -1;
  std::vector<std::string> problems;
  std::string reason = "this build of sparcell has no CUDA";
};
NoDevices cuda_devices() { return {}; }
std::unique_ptr<DeviceMemory> cuda_memory(int) {
  throw UsageError("device cuda: {}; use device: cpu or auto", cuda_devices().reason);
}
#endif

/// The GPU that `cuda` or `cuda:N` names.
Device cuda_device(const std::string& name) {
  const auto devices = cuda_devices();
  Device device{.kind = Device::Kind::cuda, .index = std::max(devices.first, 0)};
  if (name != "cuda") {
    const char* const end = name.data() + name.size();
    const auto [parsed, error] =
        std::from_chars(name.data() + std::string_view("cuda:").size(), end, device.index);
    if (error != std::errc{} || parsed != end || device.index < 0)
      throw UsageError("device {}: expected auto, cpu, cuda or cuda:N with N = 0, 1, ...", name);
  }
  if (devices.count == 0) throw UsageError("device {}: {}; use device: cpu or auto", name, devices.reason);
  if (device.index >= devices.count) {
    throw UsageError("device {}: there {}, numbered from 0", name,
                     devices.count == 1 ? "is one GPU" : fmt::format("are {} GPUs", devices.count));
  }
  const std::string& problem = devices.problems[static_cast<std::size_t>(device.index)];
  if (!problem.empty()) throw UsageError("device {}: {}; use device: cpu or auto", name, problem);
  return device;
}

}  // namespace

Device find_device(const std::string& name) {
  if (name == "cpu") return {};
  if (name == "auto") {
    const int first = cuda_devices().first;
    return first < 0 ? Device{} : Device{.kind = Device::Kind::cuda, .index = first};
  }
  if (name == "cuda" || name.starts_with("cuda:")) return cuda_device(name);
  throw UsageError("device {}: expected auto, cpu, cuda or cuda:N", name);
}

std::string reason_for_auto() {
  const auto devices = cuda_devices();
  if (devices.first < 0) return devices.reason;
  if (devices.first > 0)
    return fmt::format("the first of {} GPUs that this build has kernels for", devices.count);
  return devices.count == 1 ? "there is a GPU" : fmt::format("the first of {} GPUs", devices.count);
}

Context::Context(Device device, int threads)
    : device_(device),
      threads_(threads > 0 ? threads : available_threads()),
      memory_(device.is_cuda() ? cuda_memory(device.index) : cpu::make_memory(threads_)) {}

}  // namespace sparcell
