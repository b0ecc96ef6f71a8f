#include "sparcell/core/matrix.h"

#include <algorithm>

namespace sparcell {

Csr<float> take_rows(const Csr<float>& matrix, std::span<const std::int32_t> rows) {
  Csr<float> taken;
  taken.rows = static_cast<std::int64_t>(rows.size());
  taken.cols = matrix.cols;
  taken.offsets.resize(rows.size() + 1);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    taken.offsets[i + 1] = taken.offsets[i] + matrix.offsets[rows[i] + 1] - matrix.offsets[rows[i]];
  }
  taken.indices.resize(static_cast<std::size_t>(taken.nonzeros()));
  taken.values.resize(static_cast<std::size_t>(taken.nonzeros()));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const std::int64_t first = matrix.offsets[rows[i]];
    const std::int64_t last = matrix.offsets[rows[i] + 1];
    std::copy(matrix.indices.begin() + first, matrix.indices.begin() + last, taken.indices.begin() + taken.offsets[i]);
    std::copy(matrix.values.begin() + first, matrix.values.begin() + last, taken.values.begin() + taken.offsets[i]);
  }
  return taken;
}

Csr<float> take_columns(const Csr<float>& matrix, const std::vector<bool>& keep) {
  std::vector<std::int32_t> renumbered(keep.size(), -1);
  std::int32_t kept = 0;
  for (std::size_t c = 0; c < keep.size(); ++c) {
    if (keep[c]) renumbered[c] = kept++;
  }
  Csr<float> taken;
  taken.rows = matrix.rows;
  taken.cols = kept;
  taken.offsets.resize(matrix.offsets.size());
  std::int64_t count = 0;
  for (std::int32_t c : matrix.indices) count += renumbered[c] >= 0;
  taken.indices.reserve(static_cast<std::size_t>(count));
  taken.values.reserve(static_cast<std::size_t>(count));
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    for (std::int64_t k = matrix.offsets[r]; k < matrix.offsets[r + 1]; ++k) {
      if (renumbered[matrix.indices[k]] < 0) continue;
      taken.indices.push_back(renumbered[matrix.indices[k]]);
      taken.values.push_back(matrix.values[k]);
    }
    taken.offsets[r + 1] = static_cast<std::int64_t>(taken.indices.size());
  }
  return taken;
}

}  // namespace sparcell
