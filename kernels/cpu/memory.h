// Memory of the CPU device.
#pragma once

#include <memory>

#include "sparcell/core/context.h"

namespace sparcell::cpu {

std::unique_ptr<DeviceMemory> make_memory();

}  // namespace sparcell::cpu
