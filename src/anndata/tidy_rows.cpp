// Rows as everything after the reader expects them: ascending, each column once, without zeros.
#include <algorithm>
#include <atomic>

#include "anndata/matrix.h"
#include "sparcell/core/parallel.h"

namespace sparcell::anndata {
namespace {

bool ascends(std::span<const std::int32_t> indices) {
  int falls = 0;
#pragma omp simd reduction(| : falls)
  for (std::size_t k = 1; k < indices.size(); ++k) falls |= indices[k] <= indices[k - 1];
  return falls == 0;
}

bool holds_zero(std::span<const float> values) {
  int found = 0;
#pragma omp simd reduction(| : found)
  for (std::size_t k = 0; k < values.size(); ++k) found |= values[k] == 0;
  return found != 0;
}

void sort_row(std::span<std::int32_t> indices, std::span<float> values,
              std::vector<std::pair<std::int32_t, float>>& row) {
  row.clear();
  for (std::size_t k = 0; k < indices.size(); ++k) row.emplace_back(indices[k], values[k]);
  std::sort(row.begin(), row.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (std::size_t k = 0; k < row.size(); ++k) {
    indices[k] = row[k].first;
    values[k] = row[k].second;
  }
}

// Moves the entries that are not zero together.
void drop_zeros(Csr<float>& matrix) {
  std::int64_t kept = 0;
  std::int64_t next = 0;
  for (std::int64_t r = 0; r < matrix.rows; ++r) {
    for (; next < matrix.offsets[r + 1]; ++next) {
      if (matrix.values[next] == 0) continue;
      matrix.indices[kept] = matrix.indices[next];
      matrix.values[kept++] = matrix.values[next];
    }
    matrix.offsets[r + 1] = kept;
  }
  matrix.indices.resize(static_cast<std::size_t>(kept));
  matrix.values.resize(static_cast<std::size_t>(kept));
}

}  // namespace

std::int64_t tidy_rows(Csr<float>& matrix, const std::string& where, int threads) {
  std::atomic<std::int64_t> unsorted = 0;
  std::atomic<bool> any_zero = false;
  parallel_parts(threads, matrix.rows, 256, [&](std::int64_t first, std::int64_t last, int) {
    std::vector<std::pair<std::int32_t, float>> buffer;
    for (std::int64_t r = first; r < last; ++r) {
      const auto start = static_cast<std::size_t>(matrix.offsets[r]);
      const auto length = static_cast<std::size_t>(matrix.offsets[r + 1]) - start;
      const std::span indices(matrix.indices.data() + start, length);
      const std::span values(matrix.values.data() + start, length);
      if (holds_zero(values)) any_zero.store(true, std::memory_order_relaxed);
      if (ascends(indices)) continue;
      if (!std::is_sorted(indices.begin(), indices.end())) {
        sort_row(indices, values, buffer);
        unsorted.fetch_add(1, std::memory_order_relaxed);
      }
      const auto twice = std::adjacent_find(indices.begin(), indices.end());
      if (twice != indices.end()) {
        throw DataError(
            "{}: row {} names column {} twice; scipy's sum_duplicates() of the matrix makes one value of "
            "such, if they are to be added",
            where, r, *twice);
      }
    }
  });
  if (any_zero) drop_zeros(matrix);
  return unsorted;
}

}  // namespace sparcell::anndata
