// The squared error of a last layer against its definition.
#include "sparcell/ops/linear_loss.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct LinearLoss : test::OpTest<T> {};
TYPED_TEST_SUITE(LinearLoss, test::Scalars);

constexpr double loss_scale = 0.25, gradient_scale = 0.375, loss_before = 3;

struct Size {
  std::int64_t rows, terms, cols;
};
/// Around tiles of 128 rows, rounds of 64 terms, blocks of 4 outputs and parts of 256 terms; more blocks than
/// multiprocessors, with one and with two tiles; and beyond what is computed at once.
constexpr Size sizes[] = {{1, 1, 1},      {9, 3, 5},     {8, 64, 4},    {33, 65, 7},   {128, 64, 3},
                          {129, 31, 6},   {256, 68, 2},  {9, 1000, 5},  {5, 520, 263}, {130, 515, 3},
                          {128, 16, 541}, {130, 9, 541}, {257, 130, 2}, {7, 1030, 3},  {70, 1030, 37}};

struct Problem {
  Matrix<double> input, weight, target;
  std::vector<double> bias, grad_bias;  ///< the latter before
  OutputActivation activation = OutputActivation::identity;

  double output(std::int64_t r, std::int64_t c) const {
    double a = bias.empty() ? 0 : bias[c];
    for (std::int64_t k = 0; k < input.cols; ++k) a += input(r, k) * weight(c, k);
    return a;
  }
  /// Where roundings may decide on which side of 0 an output is, both sides shall have the same gradient.
  void aim_at_kinks() {
    for (std::int64_t c = 0; c < target.cols; ++c) {
      for (std::int64_t r = 0; r < target.rows; ++r)
        if (std::abs(output(r, c)) < 1e-5) target(r, c) = 0;
    }
  }
};

Problem problem_of(const Size& size, bool with_biases) {
  Problem out{test::random_matrix(size.rows, size.terms, 21),
              test::random_matrix(size.cols, size.terms, 22),
              test::random_matrix(size.rows, size.cols, 23),
              {},
              {}};
  for (double& value : out.weight.values) value /= std::sqrt(static_cast<double>(size.terms));
  if (!with_biases) return out;
  out.bias = test::random_values(size.cols, 24);
  out.grad_bias = test::random_values(size.cols, 25);
  return out;
}

struct Expected {
  double loss = loss_before;
  Matrix<double> gradient;
  std::vector<double> grad_bias;
  double largest_sum = 1;  ///< of a column's magnitudes
};

Expected by_definition(const Problem& p) {
  Expected out;
  out.gradient = Matrix<double>(p.target.rows, p.target.cols);
  out.grad_bias = p.grad_bias;
  long double squares = 0;
  for (std::int64_t c = 0; c < p.target.cols; ++c) {
    double magnitudes = 0;
    for (std::int64_t r = 0; r < p.target.rows; ++r) {
      const double a = p.output(r, c);
      const bool cut = p.activation == OutputActivation::relu && a < 0;
      const double d = (cut ? 0 : a) - p.target(r, c);
      squares += d * d;
      out.gradient(r, c) = cut ? 0 : gradient_scale * 2 * d;
      if (!out.grad_bias.empty()) out.grad_bias[c] += out.gradient(r, c);
      magnitudes += std::abs(out.gradient(r, c));
    }
    out.largest_sum = std::max(out.largest_sum, magnitudes);
  }
  out.loss += static_cast<double>(loss_scale * squares);
  return out;
}

template <class T>
struct Got {
  double loss;
  Matrix<T> gradient;
  std::vector<T> grad_bias;
};

template <class T>
Got<T> on_device(int threads, const Problem& p) {
  Context context = test::test_context(threads);
  const DeviceMatrix<T> input(context, p.input), weight(context, p.weight), target(context, p.target),
      gradient(context, p.target.rows, p.target.cols);
  const DeviceArray<T> bias(context, p.bias), grad_bias(context, p.grad_bias);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before});
  linear_squared_error<T>(context, input, weight, bias, p.activation, target,
                          {loss_scale, gradient_scale, loss.data()}, gradient, grad_bias);
  return {loss.value(), gradient.to_host(), grad_bias.to_host()};
}

TYPED_TEST(LinearLoss, SquaredErrorIsItsDefinition) {
  using T = TypeParam;
  constexpr double tolerance = test::long_sums.of<T>();
  for (const Size& size : sizes) {
    for (const bool with_biases : {false, true}) {
      SCOPED_TRACE(fmt::format("{} x {} by {}, {}", size.rows, size.terms, size.cols,
                               with_biases ? "with biases" : "without biases"));
      Problem problem = problem_of(size, with_biases);
      for (const OutputActivation activation : {OutputActivation::identity, OutputActivation::relu}) {
        problem.activation = activation;
        if (activation == OutputActivation::relu) problem.aim_at_kinks();
        const Expected expected = by_definition(problem);
        for (int threads : {1, 2}) {
          const Got<T> got = on_device<T>(threads, problem);
          EXPECT_NEAR(got.loss, expected.loss, tolerance * expected.loss);
          test::expect_near(got.gradient, expected.gradient, tolerance, 4);
          test::expect_near(got.grad_bias, expected.grad_bias, tolerance, expected.largest_sum);
        }
      }
    }
  }
}

TYPED_TEST(LinearLoss, SquaredErrorAddsUpInOneOrder) {
  const Problem problem = problem_of({128, 16, 541}, true);
  EXPECT_EQ(on_device<TypeParam>(1, problem).loss, on_device<TypeParam>(1, problem).loss);
}

TYPED_TEST(LinearLoss, SquaredErrorOfNothing) {
  const Got<TypeParam> got = on_device<TypeParam>(1, problem_of({0, 3, 5}, true));
  EXPECT_EQ(got.loss, loss_before);
  test::expect_near(got.grad_bias, problem_of({0, 3, 5}, true).grad_bias, 0);
  EXPECT_EQ(on_device<TypeParam>(1, problem_of({4, 3, 0}, false)).loss, loss_before);
}

TYPED_TEST(LinearLoss, RefusesShapesThatDoNotFit) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> input(context, 2, 5), weight(context, 3, 5), target(context, 2, 3),
      out(context, 2, 3), other(context, 3, 2), empty(context, 2, 0), of_nothing(context, 3, 0);
  const DeviceArray<T> three(context, 3), two(context, 2);
  const DeviceArray<double> loss(context, std::vector<double>{0});
  const auto call = [&](const DeviceMatrix<T>& x, const DeviceMatrix<T>& w, std::span<const T> bias,
                        const DeviceMatrix<T>& y, const DeviceMatrix<T>& gradient, std::span<T> grad_bias) {
    linear_squared_error<T>(context, x, w, bias, OutputActivation::identity, y, {.sum = loss.data()},
                            gradient, grad_bias);
  };
  EXPECT_THROW(call(input, other, {}, target, out, {}), InternalError);
  EXPECT_THROW(call(target, weight, {}, target, out, {}), InternalError);
  EXPECT_THROW(call(input, weight, {}, target, other, {}), InternalError);
  EXPECT_THROW(call(input, weight, {}, other, out, {}), InternalError);
  EXPECT_THROW(call(input, weight, two, target, out, {}), InternalError);
  EXPECT_THROW(call(input, weight, three, target, out, two), InternalError);
  EXPECT_THROW(call(empty, of_nothing, {}, target, out, {}), InternalError);
}

}  // namespace
}  // namespace sparcell
