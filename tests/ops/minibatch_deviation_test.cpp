#include "sparcell/ops/minibatch_deviation.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceMatrix;

template <class T>
struct MinibatchDeviation : test::OpTest<T> {};
TYPED_TEST_SUITE(MinibatchDeviation, test::Scalars);

/// Edges of slabs of 32 columns and of the CPU's parts of 64; one cell has no deviation but the epsilon.
constexpr std::pair<std::int64_t, std::int64_t> shapes[] = {{2, 1},  {3, 31},   {8, 32}, {9, 33},   {17, 64},
                                                            {5, 65}, {33, 127}, {1, 40}, {257, 33}, {4, 300}};

/// The definition, in f64.
double deviation_of(const Matrix<double>& x) {
  double sum = 0;
  for (std::int64_t c = 0; c < x.cols; ++c) {
    double mean = 0, squares = 0;
    for (std::int64_t r = 0; r < x.rows; ++r) mean += x(r, c) / static_cast<double>(x.rows);
    for (std::int64_t r = 0; r < x.rows; ++r) squares += (x(r, c) - mean) * (x(r, c) - mean);
    sum += std::sqrt(squares / static_cast<double>(x.rows) + 1e-8);
  }
  return sum / static_cast<double>(x.cols);
}

double total(const Matrix<double>& column) {
  double sum = 0;
  for (const double value : column.values) sum += value;
  return sum;
}

/// dm/dx.
Matrix<double> slope_of(Matrix<double> x) {
  Matrix<double> slope(x.rows, x.cols);
  slope.values = test::central_differences(x.values, [&] { return deviation_of(x); });
  return slope;
}

double along(const Matrix<double>& a, const Matrix<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.values.size(); ++i) sum += a.values[i] * b.values[i];
  return sum;
}

template <class T>
Matrix<T> deviation(int threads, const Matrix<double>& x) {
  Context context = test::test_context(threads);
  const DeviceMatrix<T> in(context, x), out(context, x.rows, 1);
  minibatch_deviation<T>(context, in, out);
  return out.to_host();
}

TYPED_TEST(MinibatchDeviation, IsTheMeanDeviationInEveryRow) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto x = test::random_matrix(rows, cols, 3);
    const Matrix<double> expected(rows, 1, deviation_of(x));
    for (int threads : {1, 2}) test::expect_near(deviation<T>(threads, x), expected, test::long_sums.of<T>());
  }
}

TYPED_TEST(MinibatchDeviation, OfEqualCellsIsTheRootOfEpsilon) {
  using T = TypeParam;
  Matrix<double> x(6, 70);
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t c = 0; c < x.cols; ++c) x(r, c) = static_cast<double>(c % 5);
  }
  for (const T value : deviation<T>(1, x).values) EXPECT_NEAR(value, 1e-4, 1e-9);
}

/// grad_x has what other layers sent back already.
TYPED_TEST(MinibatchDeviation, BackwardAddsTheGradientsOfAllRows) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto x = test::random_matrix(rows, cols, 4), grad = test::random_matrix(rows, 1, 5),
               before = test::random_matrix(rows, cols, 6);
    Matrix<double> expected = slope_of(x);
    for (std::size_t i = 0; i < expected.values.size(); ++i)
      expected.values[i] = before.values[i] + total(grad) * expected.values[i];
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> in(context, x), g(context, grad), to(context, before);
      minibatch_deviation_backward<T>(context, in, g, to);
      test::expect_near(to.to_host(), expected, test::central_difference.of<T>());
      if (threads == 1) of_one_thread = to.to_host().values;
      EXPECT_EQ(to.to_host().values, of_one_thread);
    }
  }
}

TYPED_TEST(MinibatchDeviation, TangentIsTheDerivativeAlongIt) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto x = test::random_matrix(rows, cols, 7), tangent = test::random_matrix(rows, cols, 8);
    const Matrix<double> expected(rows, 1, along(slope_of(x), tangent));
    Context context = test::test_context(2);
    const DeviceMatrix<T> in(context, x), t(context, tangent), out(context, rows, 1);
    minibatch_deviation_tangent<T>(context, in, t, out);
    test::expect_near(out.to_host(), expected, test::central_difference.of<T>());
  }
}

/// Differences of the op's own slopes in f64, which the test above holds against the definition.
TYPED_TEST(MinibatchDeviation, SecondIsTheDifferenceOfSlopesAlongTheTangent) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    if (rows == 1) continue;  // there the slope turns within the epsilon: differences say nothing
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto x = test::random_matrix(rows, cols, 9), tangent = test::random_matrix(rows, cols, 10),
               signal = test::random_matrix(rows, 1, 11), before = test::random_matrix(rows, cols, 12);
    constexpr double h = 1e-6;
    const auto slope_at = [&](double step) {
      Matrix<double> moved = x;
      for (std::size_t i = 0; i < moved.values.size(); ++i) moved.values[i] += step * tangent.values[i];
      Context host;
      Matrix<double> grad(rows, 1), slope(rows, cols);
      grad(0, 0) = 1;
      cpu::minibatch_deviation_backward<double>(host, moved.view(), grad.view(), slope.view());
      return slope;
    };
    const Matrix<double> above = slope_at(h), below = slope_at(-h);
    Matrix<double> expected = before;
    for (std::size_t i = 0; i < expected.values.size(); ++i)
      expected.values[i] += total(signal) * (above.values[i] - below.values[i]) / (2 * h);
    Context context = test::test_context(2);
    const DeviceMatrix<T> in(context, x), t(context, tangent), s(context, signal), to(context, before);
    minibatch_deviation_second<T>(context, in, t, s, to);
    test::expect_near(to.to_host(), expected, test::central_difference.of<T>());
  }
}

/// A single cell: the second derivatives of the root of epsilon, by their formula, are those of a constant.
TYPED_TEST(MinibatchDeviation, OfOneCellHasNoDerivatives) {
  using T = TypeParam;
  Context context = test::test_context();
  const auto x = test::random_matrix(1, 40, 13), tangent = test::random_matrix(1, 40, 14);
  const DeviceMatrix<T> in(context, x), t(context, tangent), one(context, Matrix<double>(1, 1, 1.0)),
      to(context, Matrix<double>(1, 40)), out(context, 1, 1);
  minibatch_deviation_backward<T>(context, in, one, to);
  minibatch_deviation_second<T>(context, in, t, one, to);
  minibatch_deviation_tangent<T>(context, in, t, out);
  EXPECT_EQ(to.to_host().values, std::vector<T>(40, 0));
  EXPECT_EQ(out.to_host().values, std::vector<T>(1, 0));
}

TYPED_TEST(MinibatchDeviation, OfNoCellsIsNothing) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 5), column(context, 0, 1);
  minibatch_deviation<T>(context, none, column);
  minibatch_deviation_backward<T>(context, none, column, none);
  minibatch_deviation_tangent<T>(context, none, none, column);
  minibatch_deviation_second<T>(context, none, none, column, none);
}

TYPED_TEST(MinibatchDeviation, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> x(context, 3, 4), low(context, 2, 4), column(context, 3, 1),
      short_column(context, 2, 1), empty(context, 3, 0);
  EXPECT_THROW(minibatch_deviation<T>(context, x, short_column), InternalError);
  EXPECT_THROW(minibatch_deviation<T>(context, x, x), InternalError);
  EXPECT_THROW(minibatch_deviation<T>(context, empty, column), InternalError);
  EXPECT_THROW(minibatch_deviation_backward<T>(context, x, short_column, x), InternalError);
  EXPECT_THROW(minibatch_deviation_backward<T>(context, x, column, low), InternalError);
  EXPECT_THROW(minibatch_deviation_tangent<T>(context, x, low, column), InternalError);
  EXPECT_THROW(minibatch_deviation_tangent<T>(context, x, x, short_column), InternalError);
  EXPECT_THROW(minibatch_deviation_tangent<T>(context, empty, empty, column), InternalError);
  EXPECT_THROW(minibatch_deviation_second<T>(context, x, low, column, x), InternalError);
  EXPECT_THROW(minibatch_deviation_second<T>(context, x, x, short_column, x), InternalError);
  EXPECT_THROW(minibatch_deviation_second<T>(context, x, x, column, low), InternalError);
}

}  // namespace
}  // namespace sparcell
