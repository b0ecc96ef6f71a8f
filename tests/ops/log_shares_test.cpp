#include "sparcell/ops/log_shares.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceMatrix;

template <class T>
struct LogShares : test::OpTest<T> {};
TYPED_TEST_SUITE(LogShares, test::Scalars);

constexpr double total = 2500;

/// The definition, without a thought for overflow.
Matrix<double> shares_of(const Matrix<double>& x) {
  Matrix<double> out(x.rows, x.cols);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    double sum = 1;
    for (std::int64_t c = 0; c < x.cols; ++c) sum += std::exp(x(r, c));
    for (std::int64_t c = 0; c < x.cols; ++c) out(r, c) = std::log(total * std::exp(x(r, c)) / sum);
  }
  return out;
}

template <class T>
void check_shares(const Matrix<double>& x) {
  SCOPED_TRACE(fmt::format("{} x {}", x.rows, x.cols));
  const Matrix<double> expected = shares_of(x);
  std::vector<T> of_one_thread;
  for (int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const DeviceMatrix<T> shares(context, x);
    log_shares<T>(context, total, shares);
    const Matrix<T> got = shares.to_host();
    test::expect_near(got, expected, test::elementary.of<T>());
    if (threads == 1) of_one_thread = got.values;
    EXPECT_EQ(got.values, of_one_thread);
  }
}

TYPED_TEST(LogShares, AreThoseOfTheDefinition) {
  for (std::int64_t cols : test::edge_sizes) check_shares<TypeParam>(test::random_matrix(9, cols, 1));
  for (std::int64_t rows : test::edge_sizes) check_shares<TypeParam>(test::random_matrix(rows, 9, 2));
  check_shares<TypeParam>(test::random_matrix(3, 3001, 3, 12));
  check_shares<TypeParam>(test::random_matrix(2, 14000, 4));  // longer than what a block keeps
}

TYPED_TEST(LogShares, OfLogitsWhoseExponentialsOverflow) {
  using T = TypeParam;
  Context context = test::test_context();
  Matrix<double> x(3, 5);
  x.values = {800, 799, -800, 0, 800 - std::log(3.0), -800, -801, -900, -1000, -1e4, 0, -1e4, 1e4, 1, -1};
  const DeviceMatrix<T> shares(context, x);
  log_shares<T>(context, 1, shares);
  const Matrix<T> got = shares.to_host();
  const double sum = std::log(1 + std::exp(-1.0) + 1 / 3.0);
  const std::vector<double> first{-sum, -1 - sum, -1600 - sum, -800 - sum, -std::log(3.0) - sum};
  for (int c = 0; c < 5; ++c) {
    EXPECT_NEAR(got(0, c), first[c], 1e-6 * 1600) << c;
    EXPECT_NEAR(got(1, c), x(1, c), 1e-6 * 1e4) << "all else has the whole library, column " << c;
    EXPECT_NEAR(got(2, c), x(2, c) - 1e4, 1e-6 * 2e4) << c;
  }
  EXPECT_EQ(got(2, 2), T(0));
}

TYPED_TEST(LogShares, OfSomeColumnsOfAMatrix) {
  using T = TypeParam;
  for (std::int64_t cols : {7, 8}) {
    Context context = test::test_context();
    const Matrix<double> all = test::random_matrix(4, 2 * cols + 1, 5);
    Matrix<double> genes(4, cols);
    for (std::int64_t r = 0; r < 4; ++r) std::copy_n(all.view().row(r), cols, genes.view().row(r));
    const Matrix<double> shares = shares_of(genes);
    Matrix<double> expected = all;
    for (std::int64_t r = 0; r < 4; ++r) std::copy_n(shares.view().row(r), cols, expected.view().row(r));
    const DeviceMatrix<T> outputs(context, all);
    const MatrixView<T> view = outputs;
    log_shares<T>(context, total, MatrixView<T>(view.data, 4, cols, view.stride));
    test::expect_near(outputs.to_host(), expected, test::elementary.of<T>());
  }
}

TYPED_TEST(LogShares, GradientsAreCentralDifferences) {
  using T = TypeParam;
  for (std::int64_t cols : {1, 5, 33, 257, 1024}) {
    SCOPED_TRACE(cols);
    Matrix<double> x = test::random_matrix(3, cols, 6);
    const Matrix<double> grad = test::random_matrix(3, cols, 7), shares = shares_of(x);
    const auto along = [&] {
      double sum = 0;
      const Matrix<double> out = shares_of(x);
      for (std::size_t i = 0; i < out.values.size(); ++i) sum += grad.values[i] * out.values[i];
      return sum;
    };
    Matrix<double> expected(3, cols);
    expected.values = test::central_differences(x.values, along);
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> logs(context, shares), by_x(context, grad);
      log_shares_backward<T>(context, total, logs, by_x);
      const Matrix<T> got = by_x.to_host();
      // Differences of a sum of 3 x cols terms.
      test::expect_near(got, expected, test::central_difference.of<T>(),
                        1 + 0.05 * static_cast<double>(cols));
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
    }
  }
}

TYPED_TEST(LogShares, OfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 3), fits(context, 2, 3), high(context, 3, 3);
  log_shares<T>(context, 1, none);
  log_shares_backward<T>(context, 1, none, none);
  EXPECT_THROW(log_shares<T>(context, 0, fits), InternalError);
  EXPECT_THROW(log_shares_backward<T>(context, -1, fits, fits), InternalError);
  EXPECT_THROW(log_shares_backward<T>(context, 1, fits, high), InternalError);
}

}  // namespace
}  // namespace sparcell
