#include "evaluate/cholesky.h"

#include <cmath>

namespace sparcell {

void factorize(Matrix<double>& a) {
  for (std::int64_t j = 0; j < a.cols; ++j) {
    for (std::int64_t i = j; i < a.rows; ++i) {
      double sum = a(i, j);
      for (std::int64_t k = 0; k < j; ++k) sum -= a(i, k) * a(j, k);
      a(i, j) = i == j ? std::sqrt(sum) : sum / a(j, j);
    }
  }
}

void solve(const Matrix<double>& factor, std::span<double> b) {
  const std::int64_t n = factor.rows;
  for (std::int64_t i = 0; i < n; ++i) {
    for (std::int64_t k = 0; k < i; ++k) b[i] -= factor(i, k) * b[k];
    b[i] /= factor(i, i);
  }
  for (std::int64_t i = n - 1; i >= 0; --i) {
    for (std::int64_t k = i + 1; k < n; ++k) b[i] -= factor(k, i) * b[k];
    b[i] /= factor(i, i);
  }
}

}  // namespace sparcell
