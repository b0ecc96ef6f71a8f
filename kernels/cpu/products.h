// The library that multiplies matrices on the CPU.
#pragma once

#include <string>

namespace sparcell::cpu {

/// Name and version.
std::string product_library();

}  // namespace sparcell::cpu
