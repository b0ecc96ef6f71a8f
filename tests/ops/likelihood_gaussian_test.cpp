#include "sparcell/ops/likelihood.h"

#include <numbers>

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct GaussianLoss : test::OpTest<T> {};
TYPED_TEST_SUITE(GaussianLoss, test::Scalars);

constexpr double loss_scale = 0.25, gradient_scale = 0.375, loss_before = 3;

/// Values under normal distributions, standardized or not, variances shared or not.
template <class T>
void check_gaussian(std::int64_t rows, std::int64_t cols, bool standardized, bool shared) {
  SCOPED_TRACE(fmt::format("{} x {}, standardized {}, shared {}", rows, cols, standardized, shared));
  const Csr<double> x = test::random_counts<double>(42, cols, 0.3, 1);
  std::vector<std::int32_t> order;
  for (std::int64_t i = 0; i < rows; ++i) order.push_back(static_cast<std::int32_t>(i * 5 % 42));
  const std::vector<double> mean = standardized ? test::random_values(cols, 3) : std::vector<double>(),
                            inverse = standardized ? test::random_values(cols, 4) : std::vector<double>();
  const Matrix<double> prediction = test::random_matrix(rows, cols, 2), dense = test::dense(x);
  const std::vector<double> log_variance = test::random_values(shared ? 1 : cols, 5);
  std::vector<double> losses;
  Matrix<double> gradient(rows, cols), by_variance(rows, cols);
  double sum = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    losses.push_back(0);
    for (std::int64_t c = 0; c < cols; ++c) {
      const double target = standardized ? (dense(order[i], c) - mean[c]) * inverse[c] : dense(order[i], c);
      const double variance = std::exp(log_variance[shared ? 0 : c]), d = prediction(i, c) - target;
      losses[i] += d * d / variance / 2 + std::log(2 * std::numbers::pi * variance) / 2;
      gradient(i, c) = gradient_scale * d / variance;
      by_variance(i, c) = gradient_scale * (1 - d * d / variance) / 2;
    }
    sum += losses[i];
  }
  for (int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const test::DeviceCsr<T> on_x(context, x);
    const test::DeviceBatch batch(context, order);
    const DeviceArray<T> means(context, mean), scales(context, inverse), variances(context, log_variance);
    const DeviceMatrix<T> predicted(context, prediction), got(context, rows, cols),
        got_variance(context, rows, cols);
    const DeviceArray<double> loss(context, std::vector<double>{loss_before}), of_cells(context, rows);
    gaussian_loss<T>(context, predicted, variances, on_x, batch, {means, scales},
                     {loss_scale, gradient_scale, loss.data()}, {of_cells, got, got_variance});
    const double scale = 400 * std::exp(2.0);  // counts of 20, variances of exp(-2)
    test::expect_near(got.to_host(), gradient, test::elementary.of<T>(), scale);
    test::expect_near(got_variance.to_host(), by_variance, test::elementary.of<T>(), scale);
    test::expect_near(of_cells.to_host(), losses, test::elementary.of<T>(), scale * std::sqrt(double(cols)));
    EXPECT_NEAR(loss.value(), loss_before + loss_scale * sum,
                test::elementary.of<T>() * std::max(scale, sum));
    gaussian_loss<T>(context, predicted, variances, on_x, batch, {means, scales},
                     {loss_scale, gradient_scale, loss.data()}, {});
    EXPECT_NEAR(loss.value(), loss_before + 2 * loss_scale * sum,
                2 * test::elementary.of<T>() * std::max(scale, sum));
  }
}

TYPED_TEST(GaussianLoss, IsTheFormula) {
  for (bool standardized : {false, true}) {
    for (bool shared : {false, true}) {
      for (std::int64_t cols : test::edge_sizes) check_gaussian<TypeParam>(9, cols, standardized, shared);
      check_gaussian<TypeParam>(65, 1009, standardized, shared);
      check_gaussian<TypeParam>(3, 9001, standardized, shared);  // a cell in two parts
    }
  }
}

/// As at the bound, and only the way back has a gradient.
TYPED_TEST(GaussianLoss, VariancesHaveBounds) {
  using T = TypeParam;
  Context context = test::test_context();
  // Beside each bound: a cell that would rather leave it and one that would return.
  const double lowest = std::log(lowest_variance), highest = std::log(highest_variance);
  const std::vector<double> log_variance{lowest - 1, lowest - 1, highest + 1, highest + 1};
  const double far = 3 * std::sqrt(highest_variance);
  Matrix<double> prediction(1, 4);
  prediction.values = {0, 0.01, 0, far};
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{0, 0, 0, 0}}));
  const test::DeviceBatch rows(context, std::vector<std::int32_t>{0});
  const DeviceMatrix<T> predicted(context, prediction), gradient(context, 1, 4), by_variance(context, 1, 4);
  const DeviceArray<T> variances(context, log_variance);
  const DeviceArray<double> loss(context, std::vector<double>{0}), cells(context, 1);
  gaussian_loss<T>(context, predicted, variances, x, rows, {}, {.sum = loss.data()},
                   {cells, gradient, by_variance});
  const double half_squares = (1e-4 / lowest_variance + 9) / 2;
  EXPECT_NEAR(loss.value(), half_squares + lowest + highest + 2 * std::log(2 * std::numbers::pi),
              test::elementary.of<T>() * half_squares);
  test::expect_near(by_variance.to_host().values, {0, (1 - 1e-4 / lowest_variance) / 2, 0.5, 0},
                    test::elementary.of<T>(), 100);
  test::expect_near(gradient.to_host().values, {0, 0.01 / lowest_variance, 0, 3e-3}, test::elementary.of<T>(),
                    1e4);
}

TYPED_TEST(GaussianLoss, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1, 0});
  const DeviceMatrix<T> fits(context, 2, 3), high(context, 3, 3);
  const DeviceArray<T> two(context, 2), three(context, 3);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before}), of_cells(context, 1);
  const auto normal = [&](MatrixView<const T> prediction, std::span<const T> variance,
                          std::span<double> cells, MatrixView<T> gradient) {
    gaussian_loss<T>(context, prediction, variance, x, rows, {}, {.sum = loss.data()}, {cells, gradient, {}});
  };
  EXPECT_THROW(normal(high, three, {}, {}), InternalError);
  EXPECT_THROW(normal(fits, two, {}, {}), InternalError);
  EXPECT_THROW(normal(fits, three, of_cells, {}), InternalError);
  EXPECT_THROW(normal(fits, three, {}, high), InternalError);
  EXPECT_EQ(loss.value(), loss_before);
}

}  // namespace
}  // namespace sparcell
