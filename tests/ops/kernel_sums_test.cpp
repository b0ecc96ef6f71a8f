// Sums of kernels between groups, against every pair.
#include "sparcell/ops/kernel_sums.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_test.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell::test {
namespace {

template <class T>
struct KernelSums : OpTest<T> {};
TYPED_TEST_SUITE(KernelSums, Scalars);

/// f32: exp of an exponent near 40 keeps 2e-6; f64: as the standard library.
constexpr Tolerance kernels{5e-6, 1e-13};

double expected_sum(const Matrix<double>& x, std::int64_t x_first, std::int64_t x_last,
                    const Matrix<double>& y, std::int64_t y_first, std::int64_t y_last,
                    const std::vector<double>& gammas) {
  double sum = 0;
  for (std::int64_t i = x_first; i < x_last; ++i) {
    for (std::int64_t j = y_first; j < y_last; ++j) {
      double square = 0;
      for (std::int64_t c = 0; c < x.cols; ++c) square += (x(i, c) - y(j, c)) * (x(i, c) - y(j, c));
      for (double gamma : gammas) sum += std::exp(-gamma * square) / static_cast<double>(gammas.size());
    }
  }
  return sum;
}

TYPED_TEST(KernelSums, AreMeansOverGammasOfEveryPair) {
  Context context = test_context(2);
  const std::vector<double> gammas{2, 0.5, 0.01};
  for (std::int64_t rows : edge_sizes) {
    for (std::int64_t cols : {1, 3, 17}) {
      const Matrix<double> x = random_matrix(rows, cols, 1, 1), y = random_matrix(2 * rows, cols, 2, 1);
      const std::vector<std::int64_t> x_groups{0, rows / 2, rows / 2, rows}, y_groups{0, 1, y.rows};
      const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
      const DeviceMatrix<double> sums(context, 3, 2);
      kernel_sums<TypeParam>(context, on_x, on_y, x_groups, y_groups, gammas, sums);
      const Matrix<double> got = sums.to_host();
      for (int g = 0; g < 3; ++g) {
        for (int h = 0; h < 2; ++h) {
          const double exact =
              expected_sum(x, x_groups[g], x_groups[g + 1], y, y_groups[h], y_groups[h + 1], gammas);
          ASSERT_NEAR(got(g, h), exact, kernels.of<TypeParam>() * std::max(exact, 1e-3))
              << rows << " x " << cols << ", " << g << ", " << h;
        }
      }
    }
  }
}

TYPED_TEST(KernelSums, OfAPointWithItselfIsOne) {
  Context context = test_context();
  const DeviceMatrix<TypeParam> x(context, Matrix<double>(1, 3, 1e4));
  const DeviceMatrix<double> sums(context, 1, 1);
  const std::vector<std::int64_t> groups{0, 1};
  const std::vector<double> gammas{2, 1, 0.5, 0.25};
  kernel_sums<TypeParam>(context, x, x, groups, groups, gammas, sums);
  EXPECT_EQ(sums.to_host()(0, 0), 1);
}

TYPED_TEST(KernelSums, TogetherWithDistancesAreTheSameBits) {
  Context context = test_context(2);
  const std::vector<double> gammas{2, 1, 0.5, 0.1, 0.01, 0.005};
  for (std::int64_t rows : edge_sizes) {
    const Matrix<double> x = random_matrix(rows, 17, 1, 1), y = random_matrix(2 * rows, 17, 2, 1);
    const std::vector<std::int64_t> x_groups{0, rows / 2, rows / 2, rows}, y_groups{0, 1, 2, y.rows};
    const DeviceMatrix<TypeParam> on_x(context, x), on_y(context, y);
    for (const bool same : {false, true}) {
      const auto& other = same ? on_x : on_y;
      const auto& groups = same ? x_groups : y_groups;
      const Matrix<double> poison(3, 3, std::nan(""));
      const DeviceMatrix<double> distances(context, poison), kernels(context, poison),
          of_distances(context, 3, 3), of_kernels(context, 3, 3);
      distance_and_kernel_sums<TypeParam>(context, on_x, other, x_groups, groups, gammas, distances, kernels);
      pairwise_distance_sums<TypeParam>(context, on_x, other, x_groups, groups, of_distances);
      kernel_sums<TypeParam>(context, on_x, other, x_groups, groups, gammas, of_kernels);
      EXPECT_EQ(distances.to_host().values, of_distances.to_host().values) << rows << (same ? " same" : "");
      EXPECT_EQ(kernels.to_host().values, of_kernels.to_host().values) << rows << (same ? " same" : "");
    }
  }
}

TYPED_TEST(KernelSums, NamesWhatDoesNotFit) {
  Context context = test_context();
  Matrix<TypeParam> x(4, 3), narrow(4, 2);
  Matrix<double> sums(1, 1);
  const std::vector<std::int64_t> groups{0, 4}, outside{0, 5};
  const auto run = [&](auto& y, auto& of_y, const std::vector<double>& gammas) {
    kernel_sums<TypeParam>(context, x.view(), y.view(), groups, of_y, gammas, sums.view());
  };
  EXPECT_THROW(run(narrow, groups, {1}), InternalError);
  EXPECT_THROW(run(x, outside, {1}), InternalError);
  EXPECT_THROW(run(x, groups, {}), InternalError);
  EXPECT_THROW(run(x, groups, {1, -1}), InternalError);
  Matrix<double> larger(2, 1);
  const std::vector<double> one{1}, none;
  const auto both = [&](MatrixView<double> distances, MatrixView<double> kernels,
                        std::span<const double> gammas) {
    distance_and_kernel_sums<TypeParam>(context, x.view(), x.view(), groups, groups, gammas, distances,
                                        kernels);
  };
  EXPECT_THROW(both(larger.view(), sums.view(), one), InternalError);
  EXPECT_THROW(both(sums.view(), larger.view(), one), InternalError);
  EXPECT_THROW(both(sums.view(), sums.view(), none), InternalError);
}

}  // namespace
}  // namespace sparcell::test
