// Sorting against the standard library, distances against integrals of distribution functions.
#include "sparcell/ops/wasserstein.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "ops/op_test.h"

namespace sparcell::test {
namespace {

template <class T>
struct Wasserstein : OpTest<T> {};
TYPED_TEST_SUITE(Wasserstein, Scalars);

Matrix<double> sorted(Matrix<double> rows) {
  for (std::int64_t r = 0; r < rows.rows; ++r) std::sort(rows.view().row(r), rows.view().row(r) + rows.cols);
  return rows;
}

/// The integral of |F - G| over the real line, which is the distance too; by every interval between values.
double by_distribution_functions(const double* a, std::int64_t m, const double* b, std::int64_t n) {
  std::vector<double> all(a, a + m);
  all.insert(all.end(), b, b + n);
  std::sort(all.begin(), all.end());
  const auto share = [](const double* values, std::int64_t count, double x) {
    return static_cast<double>(std::count_if(values, values + count, [&](double v) { return v <= x; })) /
           static_cast<double>(count);
  };
  double sum = 0;
  for (std::size_t i = 0; i + 1 < all.size(); ++i)
    sum += std::abs(share(a, m, all[i]) - share(b, n, all[i])) * (all[i + 1] - all[i]);
  return sum;
}

TYPED_TEST(Wasserstein, RowsAreSortedWhateverTheirBits) {
  Context context = test_context(2);
  for (std::int64_t cols : {1, 31, 255, 256, 257, 1009, 3000}) {
    Matrix<double> rows = random_matrix(6, cols, static_cast<unsigned>(cols), 1000);
    for (std::int64_t c = 0; c < cols; ++c) {
      rows(1, c) = 0.25;                                              // constant
      rows(2, c) = static_cast<double>(cols - c);                     // falling
      rows(3, c) = c % 3 == 0 ? rows(3, c) : 0;                       // mostly zeros
      rows(4, c) = std::ldexp(rows(4, c), static_cast<int>(c % 40));  // many exponents
    }
    const DeviceMatrix<TypeParam> values(context, rows);
    sort_rows<TypeParam>(context, values);
    const auto got = values.to_host();
    const auto expected = sorted(rows);
    for (std::int64_t i = 0; i < got.rows * got.cols; ++i)
      ASSERT_EQ(got.values[i], static_cast<TypeParam>(expected.values[i])) << cols << " columns, " << i;
  }
}

/// More values than a GPU sorts at once, negative zeros among them.
TYPED_TEST(Wasserstein, ManyValuesAreSortedInGroupsOfRows) {
  Context context = test_context(2);
  Matrix<TypeParam> rows(3, 1'500'000);
  std::mt19937 generator(7);
  for (TypeParam& value : rows.values) {
    const auto number = static_cast<std::int32_t>(generator());
    value = number % 3 == 0 ? TypeParam(-0.0) : static_cast<TypeParam>(number) / TypeParam(1 << 20);
  }
  const DeviceMatrix<TypeParam> values(context, rows);
  sort_rows<TypeParam>(context, values);
  for (std::int64_t r = 0; r < rows.rows; ++r) std::sort(rows.view().row(r), rows.view().row(r) + rows.cols);
  EXPECT_TRUE(values.to_host().values == rows.values);
}

TYPED_TEST(Wasserstein, ARowWithoutValuesIsSorted) {
  Context context = test_context();
  const DeviceMatrix<TypeParam> none(context, Matrix<double>(2, 0));
  sort_rows<TypeParam>(context, none);
  EXPECT_EQ(none.to_host().cols, 0);
}

TYPED_TEST(Wasserstein, IsTheAreaBetweenDistributionFunctions) {
  Context context = test_context(2);
  for (std::int64_t m : {1, 7, 32}) {
    for (std::int64_t n : {1, 7, 33, 100}) {
      const Matrix<double> a = sorted(random_matrix(3, m, 1)), b = sorted(random_matrix(3, n, 2));
      const DeviceMatrix<TypeParam> on_a(context, a), on_b(context, b);
      const DeviceArray<double> distances(context, 3);
      wasserstein_distances<TypeParam>(context, on_a, on_b, distances);
      for (std::int64_t r = 0; r < 3; ++r) {
        EXPECT_NEAR(distances.to_host()[r], by_distribution_functions(a.view().row(r), m, b.view().row(r), n),
                    1e-12)
            << m << " and " << n << " values";
      }
    }
  }
}

TYPED_TEST(Wasserstein, NamesWhatDoesNotFit) {
  Context context = test_context();
  Matrix<TypeParam> a(2, 3), b(3, 3), none(2, 0);
  std::vector<double> two(2), three(3);
  EXPECT_THROW(wasserstein_distances<TypeParam>(context, a.view(), b.view(), two), InternalError);
  EXPECT_THROW(wasserstein_distances<TypeParam>(context, a.view(), a.view(), three), InternalError);
  EXPECT_THROW(wasserstein_distances<TypeParam>(context, a.view(), none.view(), two), InternalError);
}

}  // namespace
}  // namespace sparcell::test
