// Memory of a CUDA device, and what ops borrow from it.
#pragma once

#include <memory>

#include "sparcell/core/context.h"

namespace sparcell::cuda {

/// Memory and stream of the GPU `index`. Throws UsageError where it cannot be used.
std::unique_ptr<DeviceMemory> make_memory(int index);

/// `bytes` of scratch memory for one op, aligned to 256 bytes, its content undefined. It is the context's:
/// the next op that asks gets the same memory, which is safe because work of one stream runs in order. It
/// grows where more is asked than ever before, which is why a step runs once before it is captured; during a
/// capture growth is an error.
void* workspace(Context& context, std::size_t bytes);

template <class T>
T* workspace(Context& context, std::int64_t count) {
  return static_cast<T*>(workspace(context, static_cast<std::size_t>(count) * sizeof(T)));
}

/// A counter for device::is_last_block, 0 between launches.
unsigned* ticket(Context& context);

}  // namespace sparcell::cuda
