// Memory of the CPU device.
#pragma once

#include <memory>

#include "sparcell/core/context.h"

namespace sparcell::cpu {

/// Large copies are shared by `threads`.
std::unique_ptr<DeviceMemory> make_memory(int threads);

}  // namespace sparcell::cpu
