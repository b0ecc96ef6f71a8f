// Eigenvectors: of matrices whose answer is arithmetic, and A v = lambda v.
#include "sparcell/ops/eigen.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace sparcell {
namespace {

template <class T>
struct Eigen : testing::Test {
  static constexpr double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-12;
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Eigen, Scalars);

TYPED_TEST(Eigen, OfTwoByTwoAndOnlyTheUpperTriangleIsRead) {
  Context context;
  Matrix<TypeParam> a(2, 2);
  a.values = {2, -1, 1000, 2};  // eigenvalues 3 (1, -1) and 1 (1, 1); the lower triangle holds nonsense
  std::vector<TypeParam> values(2);
  Matrix<TypeParam> vectors(2, 2);
  top_eigenpairs<TypeParam>(context, a.view(), values, vectors.view());
  EXPECT_NEAR(values[0], 3, this->tolerance);
  EXPECT_NEAR(values[1], 1, this->tolerance);
  EXPECT_NEAR(std::abs(vectors(0, 0)), std::sqrt(0.5), this->tolerance);
  EXPECT_NEAR(vectors(0, 0), -vectors(0, 1), this->tolerance);
  EXPECT_NEAR(vectors(1, 0), vectors(1, 1), this->tolerance);
}

TYPED_TEST(Eigen, LargestFirstOrthonormalWithTheLargestElementPositive) {
  Context context;
  constexpr std::int64_t n = 40, k = 7;
  std::mt19937 generator(4);
  std::normal_distribution<double> normal;
  Matrix<TypeParam> a(n, n);
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = r; c < n; ++c) a(r, c) = a(c, r) = static_cast<TypeParam>(normal(generator));
  }
  Matrix<TypeParam> work = a, vectors(k, n);
  std::vector<TypeParam> values(k);
  top_eigenpairs<TypeParam>(context, work.view(), values, vectors.view());
  for (std::int64_t i = 0; i < k; ++i) {
    EXPECT_LE(values[i], i > 0 ? values[i - 1] : std::numeric_limits<TypeParam>::max());
    double largest = 0;
    for (std::int64_t r = 0; r < n; ++r) {
      double product = 0;
      for (std::int64_t c = 0; c < n; ++c) product += static_cast<double>(a(r, c)) * vectors(i, c);
      EXPECT_NEAR(product, values[i] * vectors(i, r), 20 * this->tolerance);
      if (std::abs(vectors(i, r)) > std::abs(largest)) largest = vectors(i, r);
    }
    EXPECT_GT(largest, 0);
    for (std::int64_t j = 0; j <= i; ++j) {
      double product = 0;
      for (std::int64_t c = 0; c < n; ++c) product += static_cast<double>(vectors(i, c)) * vectors(j, c);
      EXPECT_NEAR(product, i == j ? 1 : 0, 20 * this->tolerance);
    }
  }
}

TYPED_TEST(Eigen, RefusesWhatIsNotFiniteOrDoesNotFit) {
  Context context;
  Matrix<TypeParam> a(2, 2), vectors(1, 2);
  std::vector<TypeParam> values(1), none;
  a(0, 1) = std::numeric_limits<TypeParam>::quiet_NaN();
  EXPECT_THROW(top_eigenpairs<TypeParam>(context, a.view(), values, vectors.view()), NumericalError);
  EXPECT_THROW(top_eigenpairs<TypeParam>(context, a.view(), none, vectors.view()), InternalError);
}

}  // namespace
}  // namespace sparcell
