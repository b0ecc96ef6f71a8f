// What kernels call in the runtime: the functions behind barriers, warp operations, atomics and launches.
#pragma once

#include <cuda_runtime.h>

#include <cstddef>
#include <functional>
#include <source_location>
#include <tuple>
#include <type_traits>

namespace cuda_on_host {

using Where = std::source_location;

/// What the running thread reads as threadIdx and so on.
struct ThreadPosition {
  uint3 thread, block;
  dim3 block_size, grid_size;
};
extern ThreadPosition position;  ///< set at every switch between threads

void block_barrier(int& count, bool vote, Where where);
void warp_barrier(unsigned mask, Where where);
/// The value (of `bytes` <= 8 bytes) that `lane` (0..31) brings to the same operation of the same mask.
void warp_exchange(const char* operation, unsigned mask, const void* mine, std::size_t bytes, int lane,
                   void* out, Where where);
/// A bit for each lane of the mask whose `vote` is true.
unsigned warp_vote(const char* operation, unsigned mask, bool vote, Where where);
unsigned active_lanes();
int lane();
void fence();
/// Before a read-modify-write of memory that threads share.
void begin_atomic(void* address, std::size_t bytes, Where where);

class AccessRecord;
extern AccessRecord* access_record;  ///< null where nobody records what kernels load and store
/// An access through device/access.h, called from each place of a kernel by itself.
void note_access(const void* address, std::size_t bytes, bool write);

cudaError_t launch_closure(const cudaLaunchConfig_t& config, const void* kernel, std::function<void()> body);

template <class... Parameters, class... Arguments>
cudaError_t launch_kernel(const cudaLaunchConfig_t* config, void (*kernel)(Parameters...),
                          Arguments&&... arguments) {
  return launch_closure(
      *config, reinterpret_cast<const void*>(kernel),
      [kernel, snapshot = std::tuple<std::decay_t<Parameters>...>(static_cast<Parameters>(arguments)...)] {
        std::apply(kernel, snapshot);
      });
}

}  // namespace cuda_on_host
