// Memory of the CPU device.
#pragma once

#include <memory>

#include "sparcell/core/context.h"

namespace sparcell::cpu {

/// Large copies are shared by `threads`.
std::unique_ptr<DeviceMemory> make_memory(int threads);

/// What the library of matrix products keeps with a context (what it prepared for its shapes); null where it
/// keeps nothing.
class LibraryState {
 public:
  virtual ~LibraryState() = default;
};
std::unique_ptr<LibraryState>& library_state(Context& context);

}  // namespace sparcell::cpu
