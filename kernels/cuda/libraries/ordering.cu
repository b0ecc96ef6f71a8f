#include "cuda/ordering.h"

#include <thrust/execution_policy.h>
#include <thrust/scan.h>
#include <thrust/sort.h>
#include <thrust/system/cuda/error.h>
#include <thrust/system_error.h>

#include "device/check.h"

namespace sparcell::cuda {
namespace {

/// Where Thrust finds its scratch memory: that of the context, in the order of its stream, so that nothing
/// waits and a lack of memory is said as everywhere.
class Scratch {
 public:
  using value_type = char;
  explicit Scratch(Context& context) : memory_(context.memory()) {}
  char* allocate(std::ptrdiff_t bytes) {
    return static_cast<char*>(memory_.allocate(static_cast<std::size_t>(bytes)));
  }
  void deallocate(char* scratch, std::size_t bytes) { memory_.release(scratch, bytes); }

 private:
  DeviceMemory& memory_;
};

/// Calls algorithm(policy), whose errors become ours.
template <class Algorithm>
void run(Context& context, Algorithm&& algorithm) {
  Scratch scratch(context);
  try {
    algorithm(thrust::cuda::par_nosync(scratch).on(device::stream_of(context)));
  } catch (const thrust::system_error& failure) {
    require(failure.code().category() == thrust::cuda_category(), "Thrust failed: {}", failure.what());
    device::check(static_cast<cudaError_t>(failure.code().value()), failure.what(), __FILE_NAME__, __LINE__);
  }
}

}  // namespace

void sort(Context& context, std::uint64_t* keys, std::int64_t count) {
  run(context, [&](const auto& policy) { thrust::sort(policy, keys, keys + count); });
}

void running_sum(Context& context, std::int64_t* values, std::int64_t count) {
  run(context, [&](const auto& policy) { thrust::inclusive_scan(policy, values, values + count, values); });
}

}  // namespace sparcell::cuda
