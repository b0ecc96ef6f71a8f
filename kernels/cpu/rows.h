// Rows of a batch on the CPU.
#pragma once

#include <algorithm>
#include <cstdint>

#include "sparcell/core/matrix.h"
#include "sparcell/ops/batch.h"

namespace sparcell::cpu {

inline std::int64_t row_of(const BatchRows& rows, std::int64_t i) {
  return rows.order[(rows.batch == nullptr ? 0 : *rows.batch * rows.stride) + i];
}

/// Writes row `row` of x densely to out, standardized.
template <class T>
void densify(CsrView<const T> x, std::int64_t row, Standardization<T> standardization, T* out) {
  std::fill(out, out + x.cols, T(0));
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) out[x.indices[k]] = x.values[k];
  if (standardization.empty()) return;
  const auto [mean, inverse_scale] = standardization;
  for (std::int64_t c = 0; c < x.cols; ++c) out[c] = (out[c] - mean[c]) * inverse_scale[c];
}

}  // namespace sparcell::cpu
