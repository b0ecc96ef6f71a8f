// The twin of Thrust: the standard library, as work of the stream.
#include "cuda/ordering.h"

#include <algorithm>
#include <numeric>

#include "cuda_on_host/checker.h"
#include "cuda_on_host/memory.h"
#include "cuda_on_host/streams.h"
#include "device/check.h"

namespace sparcell::cuda {
namespace {

/// Queues algorithm(first, last) on device memory.
template <class T, class Algorithm>
void run(Context& context, T* values, std::int64_t count, const char* what, Algorithm algorithm) {
  const auto now = [=]() -> std::string {
    using cuda_on_host::device_memory;
    const std::size_t bytes = static_cast<std::size_t>(count) * sizeof(T);
    if (const std::string wrong = device_memory().refused(values, bytes); !wrong.empty()) return what + wrong;
    T* const reachable = reinterpret_cast<T*>(device_memory().alias(values));
    algorithm(reachable, reachable + count);
    if (cuda_on_host::checker != nullptr) cuda_on_host::checker->written_by_host(values, bytes);
    return "";
  };
  cuda_on_host::enqueue(*cuda_on_host::stream_of(device::stream_of(context)), now);
}

}  // namespace

void sort(Context& context, std::uint64_t* keys, std::int64_t count) {
  run(context, keys, count,
      "keys to sort: ", [](std::uint64_t* first, std::uint64_t* last) { std::sort(first, last); });
}

void running_sum(Context& context, std::int64_t* values, std::int64_t count) {
  run(context, values, count, "values to sum: ", [](std::int64_t* first, std::int64_t* last) {
    std::inclusive_scan(first, last, first);
  });
}

}  // namespace sparcell::cuda
