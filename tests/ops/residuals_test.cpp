// Sums of residuals, against loops in long double.
#include "sparcell/ops/residuals.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "support/guarded.h"

namespace sparcell {
namespace {

template <class T>
class Residuals : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Residuals, Scalars);

template <class T>
Matrix<T> values(std::int64_t rows, std::int64_t cols, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(1, 2);
  Matrix<T> x(rows, cols);
  for (T& value : x.values) value = static_cast<T>(normal(generator));
  return x;
}

std::vector<double> start() {
  const double infinity = std::numeric_limits<double>::infinity();
  return {0, 0, 0, 0, 0, 0, 0, infinity, -infinity, infinity, -infinity};
}

template <class T>
std::vector<double> expected(const Matrix<T>& x, const Matrix<T>& y, std::int64_t gene, double shift) {
  std::vector<double> m = start();
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const double real = x(r, gene), guess = y(r, gene);
    m[0] += (guess - real) * (guess - real);
    m[1] += std::abs(guess - real);
    m[2] += real - shift;
    m[3] += (real - shift) * (real - shift);
    m[4] += guess - shift;
    m[5] += (guess - shift) * (guess - shift);
    m[6] += (real - shift) * (guess - shift);
    m[7] = std::min(m[7], real), m[8] = std::max(m[8], real);
    m[9] = std::min(m[9], guess), m[10] = std::max(m[10], guess);
  }
  return m;
}

TYPED_TEST(Residuals, PerGeneSumsAccumulateOverBlocks) {
  for (std::int64_t cols : {1, 31, 32, 33, 257}) {
    const auto x = values<TypeParam>(9, cols, 1), y = values<TypeParam>(9, cols, 2);
    std::vector<double> shift;
    for (std::int64_t g = 0; g < cols; ++g) shift.push_back(0.01 * static_cast<double>(g));
    for (int threads : {1, 3}) {
      Context context({}, threads);
      test::Guarded<double> memory(residual_moments_count * cols);
      const MatrixView<double> moments{memory.data(), residual_moments_count, cols};
      for (std::int64_t m = 0; m < moments.rows; ++m) std::fill_n(moments.row(m), cols, start()[m]);
      residual_moments<TypeParam>(context, x.view().slice_rows(0, 4), y.view().slice_rows(0, 4), shift,
                                  moments);
      residual_moments<TypeParam>(context, x.view().slice_rows(4, 5), y.view().slice_rows(4, 5), shift,
                                  moments);
      for (std::int64_t g = 0; g < cols; ++g) {
        const std::vector<double> exact = expected(x, y, g, shift[g]);
        for (std::int64_t m = 0; m < moments.rows; ++m)
          ASSERT_DOUBLE_EQ(moments(m, g), exact[m]) << m << " of " << g;
      }
    }
  }
}

TYPED_TEST(Residuals, PerCellErrorsAreSumsOverGenes) {
  Context context({}, 2);
  for (std::int64_t cols : {0, 1, 15, 16, 17, 33, 1009}) {
    const auto x = values<TypeParam>(7, cols, 3), y = values<TypeParam>(7, cols, 4);
    test::Guarded<double> errors(7);
    squared_errors<TypeParam>(context, x.view(), y.view(), errors.span());
    for (std::int64_t r = 0; r < 7; ++r) {
      long double exact = 0;
      for (std::int64_t g = 0; g < cols; ++g) {
        const long double error = static_cast<long double>(y(r, g)) - x(r, g);
        exact += error * error;
      }
      ASSERT_NEAR(errors[r], static_cast<double>(exact), 1e-13 * static_cast<double>(exact));
    }
  }
}

TYPED_TEST(Residuals, AValueThatIsNotFiniteShowsInItsCell) {
  Context context;
  auto x = values<TypeParam>(3, 20, 5), y = x;
  y(1, 7) = std::numeric_limits<TypeParam>::infinity();
  std::vector<double> errors(3);
  squared_errors<TypeParam>(context, x.view(), y.view(), errors);
  EXPECT_EQ(errors[0], 0);
  EXPECT_FALSE(std::isfinite(errors[1]));
  EXPECT_EQ(errors[2], 0);
}

TYPED_TEST(Residuals, NamesWhatDoesNotFit) {
  Context context;
  Matrix<TypeParam> x(3, 4), y(3, 5);
  Matrix<double> moments(residual_moments_count, 4), few(3, 4);
  std::vector<double> shift(4), errors(2);
  EXPECT_THROW(residual_moments<TypeParam>(context, x.view(), y.view(), shift, moments.view()),
               InternalError);
  EXPECT_THROW(residual_moments<TypeParam>(context, x.view(), x.view(), shift, few.view()), InternalError);
  EXPECT_THROW(squared_errors<TypeParam>(context, x.view(), x.view(), errors), InternalError);
}

}  // namespace
}  // namespace sparcell
