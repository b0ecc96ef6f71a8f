// Without a GPU: no time, no ceilings, no library of NVIDIA's.
#include "../device.h"

namespace sparcell::bench_gpu {
namespace {

[[noreturn]] void refuse() {
  throw UsageError("the emulated device has no time: bench_gpu measures on a GPU");
}

}  // namespace

bool has_time() { return false; }
Json device_facts(Context&) { refuse(); }
double microseconds(Context&, const std::function<void()>&) { refuse(); }
void start_capture() {}
void stop_capture() {}
Json measure_ceilings(Context&) { refuse(); }
std::function<void()> atomic_moments(Context&, CsrView<const float>, std::int64_t, std::span<double>) {
  refuse();
}
std::optional<CudnnLayer> cudnn_layer(Context&, const LayerMemory&) { return std::nullopt; }

}  // namespace sparcell::bench_gpu
