#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace sparcell {

/// 0, 1, 2 ...: all cells, or all genes.
inline std::vector<std::int32_t> first_integers(std::int64_t count) {
  std::vector<std::int32_t> integers(static_cast<std::size_t>(count));
  std::iota(integers.begin(), integers.end(), 0);
  return integers;
}

}  // namespace sparcell
