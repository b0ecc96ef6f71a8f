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

/// H D H of the reflection H = I - 2 u u^T: its eigenvectors are the rows of H.
template <class T>
struct Reflected {
  std::vector<double> values, u;

  explicit Reflected(std::vector<double> eigenvalues) : values(std::move(eigenvalues)) {
    std::mt19937 generator(6);
    std::normal_distribution<double> normal;
    double squares = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      u.push_back(normal(generator));
      squares += u.back() * u.back();
    }
    for (double& element : u) element /= std::sqrt(squares);
  }
  double vector(std::int64_t i, std::int64_t c) const { return (i == c ? 1 : 0) - 2 * u[i] * u[c]; }
  Matrix<T> matrix() const {
    const auto n = static_cast<std::int64_t>(values.size());
    double middle = 0;
    for (std::int64_t i = 0; i < n; ++i) middle += u[i] * values[i] * u[i];
    Matrix<T> a(n, n);
    for (std::int64_t r = 0; r < n; ++r) {
      for (std::int64_t c = 0; c < n; ++c) {
        const double outer = u[r] * u[c] * (4 * middle - 2 * values[r] - 2 * values[c]);
        a(r, c) = static_cast<T>(outer + (r == c ? values[r] : 0));
      }
    }
    return a;
  }
};

TYPED_TEST(Eigen, FewOfManyAreFoundToTheirLastDigitsThoughTheyLieClose) {
  constexpr std::int64_t n = 2000, apart = 30, k = 40;
  std::vector<double> eigenvalues;
  for (std::int64_t i = 0; i < n; ++i)  // those behind `apart` are 0.001 apart
    eigenvalues.push_back(i < apart ? 100.0 / static_cast<double>(1 + i)
                                    : 0.001 * static_cast<double>(n - i));
  const Reflected<TypeParam> exact(eigenvalues);
  const auto [values, vectors] = top_pairs(exact.matrix(), k);
  const bool wide = std::is_same_v<TypeParam, double>;
  for (std::int64_t i = 0; i < k; ++i) {
    EXPECT_NEAR(values[i], eigenvalues[i], wide ? 1e-11 : 2e-3) << i;
    double product = 0;  // of unit vectors: the cosine of their angle
    for (std::int64_t c = 0; c < n; ++c) product += static_cast<double>(vectors(i, c)) * exact.vector(i, c);
    if (wide || i < apart) {
      EXPECT_NEAR(std::abs(product), 1, wide ? 1e-11 : 1e-4) << i;
    }
  }
}

TYPED_TEST(Eigen, OfALargeMatrixOfSmallRankAreThoseThatItHas) {
  std::vector<double> eigenvalues(2000);
  for (std::size_t i = 0; i < 60; ++i) eigenvalues[i] = 60 - static_cast<double>(i);
  const auto [values, vectors] = top_pairs(Reflected<TypeParam>(eigenvalues).matrix(), 80);
  for (std::int64_t i = 0; i < 80; ++i) EXPECT_NEAR(values[i], eigenvalues[i], 100 * this->tolerance) << i;
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
