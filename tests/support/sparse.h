// Sparse matrices for tests: random ones with empty rows and columns, and their dense twins.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "sparcell/core/matrix.h"

namespace sparcell::test {

/// A rows x cols matrix whose entries are drawn by `value(generator)`, present with probability `density`.
/// Every seventh row and every fifth column is empty.
template <class T, class Value>
Csr<T> random_csr(std::int64_t rows, std::int64_t cols, double density, unsigned seed, Value&& value) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> uniform;
  Csr<T> x;
  x.rows = rows;
  x.cols = cols;
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      const bool present = uniform(generator) < density;
      if (!present || r % 7 == 3 || c % 5 == 2) continue;
      x.indices.push_back(static_cast<std::int32_t>(c));
      x.values.push_back(static_cast<T>(value(generator)));
    }
    x.offsets.push_back(static_cast<std::int64_t>(x.values.size()));
  }
  return x;
}

/// Small counts, mostly 1.
template <class T>
Csr<T> random_counts(std::int64_t rows, std::int64_t cols, double density, unsigned seed) {
  std::geometric_distribution<int> counts(0.5);
  return random_csr<T>(rows, cols, density, seed, [&](auto& generator) { return 1 + counts(generator); });
}

template <class T>
Matrix<double> dense(const Csr<T>& x) {
  Matrix<double> out(x.rows, x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k)
      out(r, x.indices[k]) = static_cast<double>(x.values[k]);
  }
  return out;
}

/// A sparse matrix of rows written out; zeros are left implicit.
template <class T>
Csr<T> csr_of(const std::vector<std::vector<double>>& rows) {
  Csr<T> x;
  x.rows = static_cast<std::int64_t>(rows.size());
  x.cols = rows.empty() ? 0 : static_cast<std::int64_t>(rows[0].size());
  for (const std::vector<double>& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      if (row[c] == 0) continue;
      x.indices.push_back(static_cast<std::int32_t>(c));
      x.values.push_back(static_cast<T>(row[c]));
    }
    x.offsets.push_back(static_cast<std::int64_t>(x.values.size()));
  }
  return x;
}

}  // namespace sparcell::test
