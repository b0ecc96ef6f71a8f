// What the tests of ops share: scalars, sizes, tolerances, numbers to work on.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "support/device_arrays.h"

namespace sparcell::test {

using Scalars = testing::Types<float, double>;

/// A fixture that skips where the device has no version of the scalar.
template <class T>
struct OpTest : testing::Test {
  void SetUp() override {
    if (test_context().device().is_cuda() && !std::is_same_v<T, float>)
      GTEST_SKIP() << "f64 is the CPU's alone";
  }
};

/// Around the edges of blocks and slabs.
inline constexpr std::int64_t edge_sizes[] = {1, 31, 32, 33, 63, 64, 65, 255, 256, 257};

/// Largest error, as a share of the scale that the comparison names. Where an op's f32 result is as good as
/// rounding allows, the f64 one is eps(f64) / eps(f32) = 2e-9 times better.
struct Tolerance {
  double f32, f64;

  template <class T>
  constexpr double of() const {
    return std::is_same_v<T, float> ? f32 : f64;
  }
};
/// A few operations on each element: 4 roundings of 6e-8.
inline constexpr Tolerance few_roundings{3e-7, 6e-16};
/// Sums of up to 1000 products, in any order, against the sum of their absolute values: 50 roundings.
inline constexpr Tolerance long_sums{3e-6, 6e-15};
/// Elementary functions (2e-7 at worst, tests of `Elementary`) inside a formula of a few more operations.
inline constexpr Tolerance elementary{2e-6, 4e-15};
/// Gradients against central differences of an f64 formula with h = 1e-6, whose own error is below
/// 1e-16 * |f| / h = 1e-8 for the sums here. f32: among 257 columns of 3 rows are some whose deviation is a
/// hundredth of their mean, and batch normalization magnifies roundings by that.
inline constexpr Tolerance central_difference{1e-4, 1e-7};

/// Numbers of [-bound, bound] that f32 represents, none nearer to 0 (where activations have their kinks) than
/// bound / 200.
inline std::vector<double> random_values(std::int64_t count, unsigned seed, double bound = 2) {
  std::mt19937 generator(seed);
  std::uniform_real_distribution<double> magnitude(bound / 200, bound);
  std::vector<double> values(static_cast<std::size_t>(count));
  for (double& value : values) {
    const double drawn = static_cast<float>(magnitude(generator));
    value = generator() % 2 == 0 ? drawn : -drawn;
  }
  return values;
}

inline Matrix<double> random_matrix(std::int64_t rows, std::int64_t cols, unsigned seed, double bound = 2) {
  Matrix<double> out(rows, cols);
  out.values = random_values(rows * cols, seed, bound);
  return out;
}

/// Every element of `got` within `tolerance` of what is expected, as a share of `scale` or of the expected
/// number, whichever is larger. NaN is never near.
template <class T>
void expect_near(const std::vector<T>& got, const std::vector<double>& expected, double tolerance,
                 double scale = 1) {
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    ASSERT_NEAR(got[i], expected[i], tolerance * std::max(scale, std::abs(expected[i]))) << "element " << i;
  }
}

template <class T>
void expect_near(const Matrix<T>& got, const Matrix<double>& expected, double tolerance, double scale = 1) {
  ASSERT_EQ(got.rows, expected.rows);
  ASSERT_EQ(got.cols, expected.cols);
  for (std::int64_t r = 0; r < got.rows; ++r) {
    for (std::int64_t c = 0; c < got.cols; ++c) {
      ASSERT_NEAR(got(r, c), expected(r, c), tolerance * std::max(scale, std::abs(expected(r, c))))
          << "row " << r << ", column " << c << " of " << got.rows << " x " << got.cols;
    }
  }
}

/// The largest magnitude, at least 1: the scale of a gradient.
inline double scale_of(const std::vector<double>& values) {
  double largest = 1;
  for (double v : values) largest = std::max(largest, std::abs(v));
  return largest;
}

/// (f(x + h) - f(x - h)) / 2h for each of `values`, which f reads; they are left as they were.
template <class Function>
std::vector<double> central_differences(std::vector<double>& values, Function&& f, double h = 1e-6) {
  std::vector<double> out;
  for (double& value : values) {
    const double at = value;
    value = at + h;
    const double above = f();
    value = at - h;
    const double below = f();
    value = at;
    out.push_back((above - below) / (2 * h));
  }
  return out;
}

}  // namespace sparcell::test
