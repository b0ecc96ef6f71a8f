#include "sparcell/ops/loss.h"

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct Loss : test::OpTest<T> {};
TYPED_TEST_SUITE(Loss, test::Scalars);

constexpr double loss_scale = 0.25, gradient_scale = 0.375, loss_before = 3;

/// A prediction of cells out of a data set, as they are or standardized and the prediction with a bias.
struct Problem {
  Csr<double> x;
  std::vector<std::int32_t> order;
  std::vector<double> mean, inverse_scale, bias;
  Matrix<double> prediction;
  OutputActivation activation = OutputActivation::identity;  ///< of dense targets

  Problem(std::int64_t rows, std::int64_t cols, bool standardized)
      : x(test::random_counts<double>(42, cols, 0.3, 1)), prediction(test::random_matrix(rows, cols, 2)) {
    for (std::int64_t i = 0; i < rows; ++i) order.push_back(static_cast<std::int32_t>(i * 5 % 42));
    if (!standardized) return;
    mean = test::random_values(cols, 3);
    inverse_scale = test::random_values(cols, 4);
    bias = test::random_values(cols, 7);
  }
  double predicted(std::int64_t i, std::int64_t c) const {
    return prediction(i, c) + (bias.empty() ? 0 : bias[c]);
  }
  double target(const Matrix<double>& dense, std::int64_t i, std::int64_t c) const {
    const double value = dense(order[i], c);
    return mean.empty() ? value : (value - mean[c]) * inverse_scale[c];
  }
};

struct Result {
  double loss;
  Matrix<double> gradient;
};

Result by_formula(const Problem& problem) {
  const Matrix<double> dense = test::dense(problem.x);
  Result out{loss_before, problem.prediction};
  long double sum = 0;
  for (std::int64_t i = 0; i < problem.prediction.rows; ++i) {
    for (std::int64_t c = 0; c < problem.prediction.cols; ++c) {
      const double a = problem.predicted(i, c);
      const bool cut = problem.activation == OutputActivation::relu && a < 0;
      const double d = (cut ? 0 : a) - problem.target(dense, i, c);
      sum += d * d;
      out.gradient(i, c) = cut ? 0 : gradient_scale * 2 * d;
    }
  }
  out.loss += static_cast<double>(loss_scale * sum);
  return out;
}

/// Where the gradient goes.
enum class Gradient { apart, over_the_prediction, nowhere };

template <class T>
struct OnDevice {
  double loss;
  Matrix<T> gradient;
};

template <class T>
OnDevice<T> on_device(int threads, const Problem& problem, Gradient where) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> x(context, problem.x);
  const test::DeviceBatch rows(context, problem.order);
  const DeviceArray<T> mean(context, problem.mean), inverse_scale(context, problem.inverse_scale),
      bias(context, problem.bias);
  const DeviceMatrix<T> prediction(context, problem.prediction),
      apart(context, problem.prediction.rows, problem.prediction.cols);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before});
  const DeviceMatrix<T>& gradient = where == Gradient::apart ? apart : prediction;
  squared_error<T>(context, prediction, bias, x, rows, {mean, inverse_scale},
                   {loss_scale, gradient_scale, loss.data()},
                   where == Gradient::nowhere ? MatrixView<T>() : gradient.view());
  return {loss.value(), gradient.to_host()};
}

template <class T>
void check_squared_error(const Problem& problem) {
  SCOPED_TRACE(fmt::format("{} x {}, {}", problem.prediction.rows, problem.prediction.cols,
                           problem.mean.empty() ? "as it is" : "standardized"));
  const Result expected = by_formula(problem);
  const double sums = test::long_sums.of<T>() * expected.loss;
  for (int threads : {1, 2}) {
    const auto apart = on_device<T>(threads, problem, Gradient::apart);
    EXPECT_NEAR(apart.loss, expected.loss, sums);
    // Counts reach 20: the scale of a target and of its difference.
    test::expect_near(apart.gradient, expected.gradient, test::few_roundings.of<T>(), 20);
    const auto over = on_device<T>(threads, problem, Gradient::over_the_prediction);
    EXPECT_EQ(over.loss, apart.loss);
    EXPECT_EQ(over.gradient.values, apart.gradient.values);
    const auto without = on_device<T>(threads, problem, Gradient::nowhere);
    EXPECT_EQ(without.loss, apart.loss);
    test::expect_near(without.gradient, problem.prediction, 0);
  }
  EXPECT_EQ(on_device<T>(1, problem, Gradient::apart).gradient.values,
            on_device<T>(2, problem, Gradient::apart).gradient.values);
}

TYPED_TEST(Loss, SquaredErrorIsTheFormula) {
  for (bool standardized : {false, true}) {
    for (std::int64_t cols : test::edge_sizes) check_squared_error<TypeParam>(Problem(9, cols, standardized));
    for (std::int64_t rows : test::edge_sizes) check_squared_error<TypeParam>(Problem(rows, 9, standardized));
    check_squared_error<TypeParam>(Problem(65, 1009, standardized));
    check_squared_error<TypeParam>(Problem(3, 9001, standardized));  // a cell in two parts
  }
}

TYPED_TEST(Loss, SquaredErrorOfMoreCellsThanAGridHasBlocks) {
  const Problem problem(5003, 3, false);
  const Result expected = by_formula(problem);
  const auto got = on_device<TypeParam>(1, problem, Gradient::apart);
  EXPECT_NEAR(got.loss, expected.loss, test::long_sums.of<TypeParam>() * expected.loss);
  test::expect_near(got.gradient, expected.gradient, test::few_roundings.of<TypeParam>(), 20);
}

TYPED_TEST(Loss, SquaredErrorOfNoRowsAddsNothing) {
  EXPECT_EQ(on_device<TypeParam>(1, Problem(0, 3, true), Gradient::apart).loss, loss_before);
}

TYPED_TEST(Loss, SquaredErrorRefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1, 0});
  const DeviceMatrix<T> fits(context, 2, 3), narrow(context, 2, 2), high(context, 3, 3);
  const DeviceArray<T> three(context, 3), two(context, 2);
  const DeviceArray<double> loss(context, std::vector<double>{0});
  const auto call = [&](const DeviceMatrix<T>& prediction, std::span<const T> mean, std::span<const T> scale,
                        const DeviceMatrix<T>& gradient, std::span<const T> bias = {}) {
    squared_error<T>(context, prediction, bias, x, rows, {mean, scale}, {.sum = loss.data()}, gradient);
  };
  EXPECT_THROW(call(narrow, {}, {}, narrow), InternalError);
  EXPECT_THROW(call(high, {}, {}, high), InternalError);
  EXPECT_THROW(call(fits, {}, {}, high), InternalError);
  EXPECT_THROW(call(fits, {}, {}, narrow), InternalError);
  EXPECT_THROW(call(fits, three, {}, fits), InternalError);
  EXPECT_THROW(call(fits, two, two, fits), InternalError);
  EXPECT_THROW(call(fits, {}, {}, fits, two), InternalError);
}

/// The target of a problem with its zeros.
Matrix<double> dense_target(const Problem& problem) {
  Matrix<double> target(problem.prediction.rows, problem.prediction.cols);
  const Matrix<double> all = test::dense(problem.x);
  for (std::int64_t i = 0; i < target.rows; ++i) {
    for (std::int64_t c = 0; c < target.cols; ++c) target(i, c) = problem.target(all, i, c);
  }
  return target;
}

TYPED_TEST(Loss, DenseSquaredErrorEqualsThatOfTheSameSparseTarget) {
  using T = TypeParam;
  for (std::int64_t cols : test::edge_sizes) {
    SCOPED_TRACE(cols);
    const Problem problem(9, cols, false);
    const Result expected = by_formula(problem);
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> prediction(context, problem.prediction), dense(context, dense_target(problem)),
          gradient(context, 9, cols);
      const DeviceArray<double> loss(context, std::vector<double>{loss_before});
      dense_squared_error<T>(context, prediction, {}, problem.activation, dense,
                             {loss_scale, gradient_scale, loss.data()}, gradient, {});
      EXPECT_NEAR(loss.value(), expected.loss, test::long_sums.of<T>() * expected.loss);
      const Matrix<T> got = gradient.to_host();
      test::expect_near(got, expected.gradient, test::few_roundings.of<T>(), 20);
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
      dense_squared_error<T>(context, prediction, {}, problem.activation, dense,
                             {loss_scale, gradient_scale, loss.data()}, {}, {});
      EXPECT_NEAR(loss.value(), 2 * expected.loss - loss_before, 2 * test::long_sums.of<T>() * expected.loss);
    }
  }
}

template <class T>
void check_dense_squared_error(OutputActivation activation) {
  for (std::int64_t rows : {1, 63, 64, 65, 257}) {
    for (std::int64_t cols : {1, 15, 16, 17, 1009}) {
      SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
      Problem problem(rows, cols, true);
      problem.activation = activation;
      const Result expected = by_formula(problem);
      const std::vector<double> before = test::random_values(cols, 9);
      std::vector<double> sums = before;
      double largest = 1;
      for (std::int64_t c = 0; c < cols; ++c) {
        double magnitudes = 0;
        for (std::int64_t i = 0; i < rows; ++i) {
          sums[c] += expected.gradient(i, c);
          magnitudes += std::abs(expected.gradient(i, c));
        }
        largest = std::max(largest, magnitudes);
      }
      Context context = test::test_context(2);
      const DeviceMatrix<T> gradient(context, problem.prediction), dense(context, dense_target(problem));
      const DeviceArray<T> bias(context, problem.bias), grad_bias(context, before);
      const DeviceArray<double> loss(context, std::vector<double>{loss_before});
      dense_squared_error<T>(context, gradient, bias, problem.activation, dense,
                             {loss_scale, gradient_scale, loss.data()}, gradient,
                             grad_bias);  // over the prediction
      EXPECT_NEAR(loss.value(), expected.loss, test::long_sums.of<T>() * expected.loss);
      // Standardized counts reach 40.
      test::expect_near(gradient.to_host(), expected.gradient, test::few_roundings.of<T>(), 40);
      test::expect_near(grad_bias.to_host(), sums, test::long_sums.of<T>(), largest);
    }
  }
}

TYPED_TEST(Loss, DenseSquaredErrorWithABiasAddsItsGradient) {
  check_dense_squared_error<TypeParam>(OutputActivation::identity);
}

TYPED_TEST(Loss, DenseSquaredErrorOfOutputsThatAreNotNegative) {
  check_dense_squared_error<TypeParam>(OutputActivation::relu);
}

TYPED_TEST(Loss, DenseSquaredErrorOfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 3), fits(context, 2, 3), narrow(context, 2, 2), high(context, 3, 3);
  const DeviceArray<T> three(context, 3), two(context, 2);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before});
  dense_squared_error<T>(context, none, {}, OutputActivation::identity, none, {.sum = loss.data()}, none, {});
  EXPECT_EQ(loss.value(), loss_before);
  const auto call = [&](const DeviceMatrix<T>& target, MatrixView<T> gradient, std::span<const T> bias,
                        std::span<T> grad_bias, OutputActivation activation = OutputActivation::relu) {
    dense_squared_error<T>(context, fits, bias, activation, target, {.sum = loss.data()}, gradient,
                           grad_bias);
  };
  EXPECT_THROW(call(narrow, fits, {}, {}), InternalError);
  EXPECT_THROW(call(fits, high, {}, {}), InternalError);
  EXPECT_THROW(call(fits, fits, two, {}), InternalError);
  EXPECT_THROW(call(fits, fits, three, two), InternalError);
  EXPECT_THROW(call(fits, {}, three, three), InternalError);
  EXPECT_THROW(call(fits, fits, {}, {}, OutputActivation::softplus), InternalError);
}

TYPED_TEST(Loss, AbsoluteValueAddsToLossAndGradient) {
  using T = TypeParam;
  for (std::int64_t cols : test::edge_sizes) {
    SCOPED_TRACE(cols);
    auto x = test::random_matrix(9, cols, 5);
    x(4, cols / 2) = 0;
    const auto before = test::random_matrix(9, cols, 6);
    double expected_loss = loss_before;
    Matrix<double> expected = before;
    for (std::size_t i = 0; i < x.values.size(); ++i) {
      expected_loss += loss_scale * std::abs(x.values[i]);
      if (x.values[i] != 0) expected.values[i] += x.values[i] > 0 ? gradient_scale : -gradient_scale;
    }
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> values(context, x), gradient(context, before);
      const DeviceArray<double> loss(context, std::vector<double>{loss_before});
      absolute_value<T>(context, values, {loss_scale, gradient_scale, loss.data()}, gradient);
      EXPECT_NEAR(loss.value(), expected_loss, test::long_sums.of<T>() * expected_loss);
      const Matrix<T> got = gradient.to_host();
      test::expect_near(got, expected, test::few_roundings.of<T>());
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
    }
  }
}

TYPED_TEST(Loss, AbsoluteValueOfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 3), fits(context, 2, 3), narrow(context, 2, 2), high(context, 3, 3);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before});
  absolute_value<T>(context, none, {.sum = loss.data()}, none);
  EXPECT_EQ(loss.value(), loss_before);
  EXPECT_THROW(absolute_value<T>(context, fits, {.sum = loss.data()}, narrow), InternalError);
  EXPECT_THROW(absolute_value<T>(context, fits, {.sum = loss.data()}, high), InternalError);
}

}  // namespace
}  // namespace sparcell
