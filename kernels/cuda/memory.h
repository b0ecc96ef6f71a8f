// What a GPU offers: whether it can be used, memory on it, and what ops borrow from it. No CUDA header is
// included here.
#pragma once

#include <memory>
#include <string>

#include "sparcell/core/context.h"

namespace sparcell::cuda {

/// The GPUs that there are. Where there are none that this program can use, `reason` says why as the end of a
/// sentence.
struct Devices {
  int count = 0;
  int first = -1;                     ///< that can be used
  std::vector<std::string> problems;  ///< of every GPU: why it cannot be used; empty where it can
  std::string reason;
};
Devices find_devices();

/// Memory and one stream on the GPU `index`. Throws UsageError where it cannot be used.
std::unique_ptr<DeviceMemory> make_memory(int index);

/// `bytes` of scratch memory for one op, aligned to 256 bytes, its content undefined. It is the context's, or
/// that of work beside (core/branches.h): the next op that asks gets the same memory, which is safe because
/// work of one stream runs in order. It grows where more is asked than ever before, which is why a step runs
/// once before it is captured: during a capture growth is an error.
void* workspace(Context& context, std::size_t bytes);

template <class T>
T* workspace(Context& context, std::int64_t count) {
  return static_cast<T*>(workspace(context, static_cast<std::size_t>(count) * sizeof(T)));
}

/// Counters for device::is_last_block and is_last_of, 0 between launches: one for each group of blocks, of
/// which there are at most most_tickets.
inline constexpr std::size_t most_tickets = 67;
unsigned* tickets(Context& context);

/// What the library of matrix products keeps with a context (handle, plans), whichever stream works; null before
/// its first use.
class LibraryState {
 public:
  virtual ~LibraryState() = default;
};
std::unique_ptr<LibraryState>& library_state(Context& context);

}  // namespace sparcell::cuda
