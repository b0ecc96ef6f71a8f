// Eigenvectors: of matrices whose answer is arithmetic, and A v = lambda v.
#include "sparcell/ops/eigen.h"

#include <gmock/gmock.h>

#include <random>

#include "ops/op_test.h"

namespace sparcell {
namespace {

template <class T>
struct Eigen : testing::Test {  // GPUs have this op for both scalars
  static constexpr double tolerance = std::is_same_v<T, float> ? 2e-5 : 1e-12;
};
TYPED_TEST_SUITE(Eigen, test::Scalars);

template <class T>
struct Pairs {
  std::vector<T> values;
  Matrix<T> vectors;
};

/// The `count` largest eigenpairs. Buffers and no guarded matrices: the op wants rows without gaps.
template <class T>
Pairs<T> top_pairs(const Matrix<T>& matrix, std::int64_t count) {
  Context context = test::test_context();
  const std::int64_t n = matrix.rows;
  Buffer<T> a(context, matrix.values), vectors(context, count * n);
  const test::DeviceArray<T> values(context, count);
  top_eigenpairs<T>(context, {a.data(), n, n}, values, {vectors.data(), count, n});
  Pairs<T> pairs{values.to_host(), Matrix<T>(count, n)};
  vectors.download(pairs.vectors.values);
  return pairs;
}

TYPED_TEST(Eigen, OfTwoByTwoAndOnlyTheUpperTriangleIsRead) {
  Matrix<TypeParam> a(2, 2);
  a.values = {2, -1, 1000, 2};  // eigenvalues 3 (1, -1) and 1 (1, 1); the lower triangle holds nonsense
  const auto [values, vectors] = top_pairs(a, 2);
  EXPECT_NEAR(values[0], 3, this->tolerance);
  EXPECT_NEAR(values[1], 1, this->tolerance);
  EXPECT_NEAR(std::abs(vectors(0, 0)), std::sqrt(0.5), this->tolerance);
  EXPECT_NEAR(vectors(0, 0), -vectors(0, 1), this->tolerance);
  EXPECT_NEAR(vectors(1, 0), vectors(1, 1), this->tolerance);
}

TYPED_TEST(Eigen, LargestFirstOrthonormalWithTheLargestElementPositive) {
  constexpr std::int64_t n = 40, k = 7;
  std::mt19937 generator(4);
  std::normal_distribution<double> normal;
  Matrix<TypeParam> a(n, n);
  for (std::int64_t r = 0; r < n; ++r) {
    for (std::int64_t c = r; c < n; ++c) a(r, c) = a(c, r) = static_cast<TypeParam>(normal(generator));
  }
  const auto [values, vectors] = top_pairs(a, k);
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

TYPED_TEST(Eigen, NamesTheFirstElementThatIsNotFinite) {
  Matrix<TypeParam> a(300, 300);
  a(1, 2) = a(1, 299) = a(270, 280) = std::numeric_limits<TypeParam>::quiet_NaN();
  a(2, 1) = std::numeric_limits<TypeParam>::infinity();  // below the diagonal: not read
  try {
    top_pairs(a, 1);
    ADD_FAILURE() << "no error";
  } catch (const NumericalError& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("the element (1, 2) of"));
  }
}

TYPED_TEST(Eigen, RefusesWhatDoesNotFit) {
  Context context = test::test_context();
  const Buffer<TypeParam> a(context, 4), vectors(context, 2), none(context, 0);
  EXPECT_THROW(top_eigenpairs<TypeParam>(context, {a.data(), 2, 2}, none.span(), {vectors.data(), 1, 2}),
               InternalError);
}

}  // namespace
}  // namespace sparcell
