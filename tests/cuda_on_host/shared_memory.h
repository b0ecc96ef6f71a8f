// Shared memory of the block that runs. Static arrays are thread_local variables of the library that holds
// the kernel, so all of them lie in that library's block of thread-local storage; dynamic shared memory is
// one such variable here.
#pragma once

#include <cstddef>

#include "cuda_on_host/execution.h"

namespace cuda_on_host {

/// Of a block, on any GPU.
inline constexpr std::size_t most_shared_bytes = 227 * 1024;
/// Dynamic ones that a kernel may have without permission (allow_shared).
inline constexpr std::size_t plain_shared_bytes = 40 * 1024;

class SharedMemory {
 public:
  void begin(const Launch& launch);
  /// What a block finds: every bit set, which is NaN for floating-point numbers and -1 for integers.
  void fill();

  char* static_memory() const { return static_memory_; }
  std::size_t static_bytes() const { return static_bytes_; }
  char* dynamic_memory() const;

 private:
  const void* library_of_ = nullptr;  ///< a kernel of the library that was looked up
  char* static_memory_ = nullptr;
  std::size_t static_bytes_ = 0, dynamic_bytes_ = 0;
};

}  // namespace cuda_on_host
