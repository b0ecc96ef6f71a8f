// Formulas of sparcell/ops/library.h.
#pragma once

#include "math/philox.h"

namespace sparcell::math {

/// A quantile function given at `entries` equal distances, at u of (0, 1).
template <class T>
SPARCELL_HD T quantile_at(const T* table, std::int64_t entries, T u) {
  const T place = u * static_cast<T>(entries - 1);
  auto low = static_cast<std::int64_t>(place);
  low = low < entries - 2 ? low : entries - 2;
  const T rest = place - static_cast<T>(low);
  return table[low] + rest * (table[low + 1] - table[low]);
}

/// What multiplies the counts of a cell with the total `sum`; 0 where it has none.
template <class T>
SPARCELL_HD T library_factor(T size, T mean, T deviation, double sum) {
  return sum > 0 ? static_cast<T>(static_cast<double>(exp(mean + deviation * size)) / sum) : T(0);
}

}  // namespace sparcell::math
