// Kernels that only measure: an empty one, atomic additions in memory, and gene moments by f64 atomics.
#include "probes.h"

#include "device/launch.h"

namespace sparcell::bench_gpu {
namespace kernels {

constexpr int threads = 256;

__global__ void empty() {}

/// Adds 1 to counters that neighbouring threads do not share.
__global__ void __launch_bounds__(threads)
    add_atomically(float* counters, std::int64_t counter_count, std::int64_t additions) {
  constexpr std::int64_t apart = 97;  // prime: warps spread over the counters
  device::for_each_in_grid(additions,
                           [&](std::int64_t i) { atomicAdd(counters + i * apart % counter_count, 1.0f); });
}

__global__ void __launch_bounds__(threads)
    add_moments(CsrView<const float> x, std::int64_t entries, double* sums) {
  device::for_each_in_grid(entries, [&](std::int64_t i) {
    const auto value = static_cast<double>(x.values[i]);
    atomicAdd(sums + x.indices[i], value);
    atomicAdd(sums + x.cols + x.indices[i], value * value);
  });
}

}  // namespace kernels

void launch_empty(Context& context) {
  device::launch(kernels::empty, {.stream = device::stream_of(context)});
}

void launch_atomics(Context& context, std::span<float> counters, std::int64_t additions) {
  device::launch(kernels::add_atomically,
                 {.grid = device::blocks_for(additions, kernels::threads),
                  .block = kernels::threads,
                  .stream = device::stream_of(context)},
                 counters.data(), static_cast<std::int64_t>(counters.size()), additions);
}

void launch_moments(Context& context, CsrView<const float> x, std::int64_t entries, double* sums) {
  device::launch(kernels::add_moments,
                 {.grid = device::blocks_for(entries, kernels::threads),
                  .block = kernels::threads,
                  .stream = device::stream_of(context)},
                 x, entries, sums);
}

}  // namespace sparcell::bench_gpu
