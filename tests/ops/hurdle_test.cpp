#include "sparcell/ops/hurdle.h"

#include "math/philox.h"
#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray, test::DeviceMatrix;

template <class T>
struct Hurdle : test::OpTest<T> {};
TYPED_TEST_SUITE(Hurdle, test::Scalars);

const RandomStream noise(21, Purpose::generator_input, 2);
constexpr std::int64_t first_row = 5;
constexpr double temperature = 0.5;

double logistic_at(std::int64_t row, std::int64_t column, std::int64_t cols) {
  const auto element = static_cast<std::uint64_t>((first_row + row) * cols + column);
  const double u = math::uniform<double>(math::PhiloxStream(noise).word(element));
  return std::log(u / (1 - u));
}

double softplus(double x) { return std::log1p(std::exp(x)); }
double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }

struct Problem {
  Matrix<double> values, gates, grad;

  Problem(std::int64_t rows, std::int64_t cols)
      : values(test::random_matrix(rows, cols, 1)),
        gates(test::random_matrix(rows, cols, 2)),
        grad(test::random_matrix(rows, cols, 3)) {}

  /// sum of grad * cells, with gates that are open or shut, or half open as on the way back.
  double along(bool soft) const {
    double sum = 0;
    for (std::int64_t r = 0; r < values.rows; ++r) {
      for (std::int64_t c = 0; c < values.cols; ++c) {
        const double drawn = gates(r, c) + logistic_at(r, c, values.cols);
        const double open = soft ? sigmoid(drawn / temperature) : (drawn > 0 ? 1 : 0);
        sum += grad(r, c) * open * softplus(values(r, c));
      }
    }
    return sum;
  }
};

template <class T>
void check_cells(const Problem& problem) {
  const std::int64_t rows = problem.values.rows, cols = problem.values.cols;
  SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
  Matrix<double> expected(rows, cols);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c)
      expected(r, c) = problem.gates(r, c) + logistic_at(r, c, cols) > 0 ? softplus(problem.values(r, c)) : 0;
  }
  std::vector<T> of_one_thread;
  for (int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const DeviceMatrix<T> values(context, problem.values), gates(context, problem.gates),
        out(context, rows, cols);
    hurdle<T>(context, noise, first_row, values, gates, out);
    const Matrix<T> got = out.to_host();
    test::expect_near(got, expected, test::elementary.of<T>(), 1);
    for (std::size_t i = 0; i < got.values.size(); ++i)
      ASSERT_EQ(got.values[i] == T(0), expected.values[i] == 0) << "a gate that stands otherwise: " << i;
    if (threads == 1) of_one_thread = got.values;
    EXPECT_EQ(got.values, of_one_thread);
  }
}

TYPED_TEST(Hurdle, IsTheValueOrExactlyZero) {
  for (std::int64_t cols : test::edge_sizes) check_cells<TypeParam>(Problem(9, cols));
  for (std::int64_t rows : test::edge_sizes) check_cells<TypeParam>(Problem(rows, 9));
  check_cells<TypeParam>(Problem(65, 1009));
}

TYPED_TEST(Hurdle, GatesAreOpenAsOftenAsTheirLogitSays) {
  using T = TypeParam;
  constexpr std::int64_t rows = 2000, cols = 5;
  Matrix<double> logits(rows, cols), ones(rows, cols, 1.0);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) logits(r, c) = static_cast<double>(c) - 2;
  }
  Context context = test::test_context();
  const DeviceMatrix<T> values(context, ones), gates(context, logits), out(context, rows, cols);
  hurdle<T>(context, noise, 0, values, gates, out);
  const Matrix<T> got = out.to_host();
  for (std::int64_t c = 0; c < cols; ++c) {
    double open = 0;
    for (std::int64_t r = 0; r < rows; ++r) open += got(r, c) != T(0) ? 1.0 / rows : 0;
    const double p = sigmoid(static_cast<double>(c) - 2);
    EXPECT_NEAR(open, p, 4 * std::sqrt(p * (1 - p) / rows)) << c;
  }
}

TYPED_TEST(Hurdle, RowsOfABlockAreThoseOfTheWhole) {
  using T = TypeParam;
  const Problem problem(40, 33);
  Context context = test::test_context();
  const DeviceMatrix<T> values(context, problem.values), gates(context, problem.gates),
      whole(context, 40, 33), parts(context, 40, 33);
  hurdle<T>(context, noise, 0, values, gates, whole);
  for (std::int64_t first : {0, 17}) {
    const std::int64_t count = first == 0 ? 17 : 23;
    hurdle<T>(context, noise, first, values.view().slice_rows(first, count),
              gates.view().slice_rows(first, count), parts.view().slice_rows(first, count));
  }
  EXPECT_EQ(parts.to_host().values, whole.to_host().values);
}

TYPED_TEST(Hurdle, GradientsAreCentralDifferences) {
  using T = TypeParam;
  constexpr double h = 1e-6;
  for (std::int64_t cols : {1, 33, 64, 257}) {
    SCOPED_TRACE(cols);
    Problem problem(3, cols);
    Matrix<double> at_values(3, cols), at_gates(3, cols);
    // Along one entry all other terms of the sum stay: their rounding is what tolerances allow.
    for (std::size_t i = 0; i < at_values.values.size(); ++i) {
      const auto difference = [&](Matrix<double>& x, bool soft) {
        const double before = x.values[i];
        x.values[i] = before + h;
        const double above = problem.along(soft);
        x.values[i] = before - h;
        const double below = problem.along(soft);
        x.values[i] = before;
        return (above - below) / (2 * h);
      };
      at_values.values[i] = difference(problem.values, false);
      at_gates.values[i] = difference(problem.gates, true);
    }
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> values(context, problem.values), gates(context, problem.gates),
          grad(context, problem.grad), grad_values(context, 3, cols), grad_gates(context, 3, cols);
      hurdle_backward<T>(context, noise, first_row, temperature, values, gates, grad, grad_values,
                         grad_gates);
      test::expect_near(grad_values.to_host(), at_values, test::central_difference.of<T>(), 1);
      test::expect_near(grad_gates.to_host(), at_gates, test::central_difference.of<T>(), 1);
      const std::vector<T> got = grad_gates.to_host().values;
      if (threads == 1) of_one_thread = got;
      EXPECT_EQ(got, of_one_thread);
    }
  }
}

double zero_share_of_column(const Matrix<double>& gates, std::int64_t column, double share) {
  double mean = 0;
  for (std::int64_t r = 0; r < gates.rows; ++r)
    mean += sigmoid(gates(r, column)) / static_cast<double>(gates.rows);
  return (mean - share) * (mean - share) / (share * (1 - share) + 0.005);
}

TYPED_TEST(Hurdle, ZeroShareAddsItsFormulaAndItsGradient) {
  using T = TypeParam;
  constexpr double loss_before = 3, loss_scale = 0.5, gradient_scale = 2, h = 1e-6;
  for (const auto& [rows, cols] :
       {std::pair<std::int64_t, std::int64_t>{1, 9}, {9, 1}, {9, 257}, {300, 17}}) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    Matrix<double> gates = test::random_matrix(rows, cols, 4);
    const Matrix<double> before = test::random_matrix(rows, cols, 5);
    std::vector<double> share;
    for (std::int64_t c = 0; c < cols; ++c)  // never, always, and between
      share.push_back(static_cast<float>(c % 5) / 4.0f);
    Matrix<double> expected = before;
    for (std::size_t i = 0; i < gates.values.size(); i += 7) {
      const double at = gates.values[i];
      gates.values[i] = at + h;
      const auto column = static_cast<std::int64_t>(i) % cols;
      const double above = zero_share_of_column(gates, column, share[column]);
      gates.values[i] = at - h;
      const double below = zero_share_of_column(gates, column, share[column]);
      gates.values[i] = at;
      expected.values[i] += gradient_scale * (above - below) / (2 * h);
    }
    double value = loss_before;
    for (std::int64_t c = 0; c < cols; ++c) value += loss_scale * zero_share_of_column(gates, c, share[c]);
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> on_device(context, gates), grad(context, before);
      const DeviceArray<T> shares(context, share);
      const DeviceArray<double> loss(context, std::vector<double>{loss_before});
      zero_share<T>(context, on_device, shares, loss_scale, gradient_scale, loss.data(), grad);
      EXPECT_NEAR(loss.value(), value, 10 * test::long_sums.of<T>() * value);
      const Matrix<T> got = grad.to_host();
      for (std::size_t i = 0; i < got.values.size(); i += 7)
        EXPECT_NEAR(static_cast<double>(got.values[i]), expected.values[i],
                    10 * test::central_difference.of<T>());
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
    }
  }
}

TYPED_TEST(Hurdle, OfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 3), fits(context, 2, 3), narrow(context, 2, 2), high(context, 3, 3);
  const DeviceArray<T> three(context, std::vector<double>{0, 0.5, 1});
  const DeviceArray<double> loss(context, std::vector<double>{7});
  hurdle<T>(context, noise, 0, none, none, none);
  hurdle_backward<T>(context, noise, 0, 1, none, none, none, none, none);
  EXPECT_THROW(hurdle<T>(context, noise, 0, fits, narrow, fits), InternalError);
  EXPECT_THROW(hurdle<T>(context, noise, 0, fits, fits, high), InternalError);
  EXPECT_THROW(hurdle<T>(context, noise, -1, fits, fits, fits), InternalError);
  EXPECT_THROW(hurdle_backward<T>(context, noise, 0, 1, fits, fits, high, fits, fits), InternalError);
  EXPECT_THROW(hurdle_backward<T>(context, noise, 0, 1, fits, fits, fits, narrow, fits), InternalError);
  EXPECT_THROW(hurdle_backward<T>(context, noise, 0, 0, fits, fits, fits, fits, fits), InternalError);
  EXPECT_THROW(zero_share<T>(context, narrow, three, 1, 1, loss.data(), narrow), InternalError);
  EXPECT_THROW(zero_share<T>(context, fits, three, 1, 1, loss.data(), high), InternalError);
  EXPECT_THROW(zero_share<T>(context, none, three, 1, 1, loss.data(), none), InternalError);
  EXPECT_EQ(loss.value(), 7);
}

}  // namespace
}  // namespace sparcell
