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

/// Builds of the emulation that find a bug, as bits.
enum class Builds : unsigned { emulated = 1, checked = 2, address = 4, every_build = 7 };
using enum Builds;
constexpr Builds operator|(Builds a, Builds b) {
  return static_cast<Builds>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool among(Builds one, Builds all) { return (one | all) == all; }

/// A read with nothing between it and another thread's write: which of the two comes first depends on the
/// order.
inline constexpr const char* early_read = "race: |uninitialised: ";

struct Case {
  std::string name;
  void (*run)(sparcell::Context& context, const Arrays& arrays, bool bug);
  std::string found;  ///< what the description of the failure contains, as a regular expression
  Builds found_by;
};

std::vector<Case> shared_memory_cases();
std::vector<Case> global_memory_cases();
std::vector<Case> warp_and_barrier_cases();
std::vector<Case> branch_cases();

}  // namespace planted
