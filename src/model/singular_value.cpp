#include "model/singular_value.h"

#include <algorithm>
#include <cmath>

namespace sparcell {

template <class T>
double largest_singular_value(const std::vector<T>& matrix, std::int64_t cols) {
  constexpr int iterations = 10;
  const auto rows = static_cast<std::int64_t>(matrix.size()) / cols;
  std::vector<double> v(static_cast<std::size_t>(cols), 1), u(static_cast<std::size_t>(rows));
  double sigma = 0;
  const auto normalize = [](std::vector<double>& x) {
    double squares = 0;
    for (const double value : x) squares += value * value;
    const double norm = std::sqrt(squares);
    for (double& value : x) value /= norm > 0 ? norm : 1;
    return norm;
  };
  for (int i = 0; i < iterations; ++i) {
    normalize(v);
    for (std::int64_t r = 0; r < rows; ++r) {
      u[r] = 0;
      for (std::int64_t c = 0; c < cols; ++c) u[r] += static_cast<double>(matrix[r * cols + c]) * v[c];
    }
    sigma = normalize(u);
    std::fill(v.begin(), v.end(), 0.0);
    for (std::int64_t r = 0; r < rows; ++r) {
      for (std::int64_t c = 0; c < cols; ++c) v[c] += static_cast<double>(matrix[r * cols + c]) * u[r];
    }
  }
  return sigma;
}

template double largest_singular_value(const std::vector<float>&, std::int64_t);
template double largest_singular_value(const std::vector<double>&, std::int64_t);

}  // namespace sparcell
