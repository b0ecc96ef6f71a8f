// Kernels with a planted bug, and the same kernels without it: what the emulation must find, and what it must
// not.
#pragma once

#include <string>
#include <vector>

#include "sparcell/core/context.h"

namespace planted {

inline constexpr int threads = 64, blocks = 2;

/// Device memory of one run: `in` holds its own indices, `out` and `scratch` nothing.
struct Arrays {
  const float* in;    ///< threads
  float* out;         ///< blocks * threads, the last allocation of all
  float* scratch;     ///< blocks * threads
  unsigned* counter;  ///< 0
};

/// A read with nothing between it and another thread's write: which of the two comes first depends on the
/// order.
inline constexpr const char* early_read = "race: |uninitialised: ";

struct Case {
  std::string name;
  void (*run)(sparcell::Context& context, const Arrays& arrays, bool bug);
  std::string found;         ///< what the description of the failure contains, as a regular expression
  bool found_without_check;  ///< by the plain build too
};

std::vector<Case> shared_memory_cases();
std::vector<Case> global_memory_cases();
std::vector<Case> warp_and_barrier_cases();
std::vector<Case> branch_cases();

}  // namespace planted
