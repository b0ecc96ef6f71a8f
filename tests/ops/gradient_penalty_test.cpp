#include "sparcell/ops/gradient_penalty.h"

#include <algorithm>
#include <limits>

#include "ops/op_test.h"
#include "sparcell/ops/random.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct GradientPenalty : test::OpTest<T> {};
TYPED_TEST_SUITE(GradientPenalty, test::Scalars);

TYPED_TEST(GradientPenalty, InterpolatesEachRowWithItsOwnShare) {
  using T = TypeParam;
  const RandomStream stream(31, Purpose::interpolation);
  for (const auto& [rows, cols] : {std::pair{1, 257}, {31, 64}, {33, 65}, {257, 3}}) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    const auto real = test::random_matrix(rows, cols, 1), generated = test::random_matrix(rows, cols, 2);
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceArray<T> drawn(context, rows);
      fill_uniform<T>(context, stream, T(0), T(1), drawn);
      const std::vector<T> share = drawn.to_host();
      Matrix<double> expected(rows, cols);
      for (int r = 0; r < rows; ++r) {
        for (int c = 0; c < cols; ++c)
          expected(r, c) = generated(r, c) + share[r] * (real(r, c) - generated(r, c));
      }
      const DeviceMatrix<T> x(context, real), y(context, generated), out(context, rows, cols);
      interpolate<T>(context, stream, x, y, out);
      const Matrix<T> got = out.to_host();
      test::expect_near(got, expected, test::few_roundings.of<T>(), 2);
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
    }
  }
}

constexpr double target = 0.75, weight = 0.5, penalty_scale = 0.25, penalty_before = 3;

double squared_distance(const Matrix<double>& g, std::int64_t r) {
  double squares = 0;
  for (std::int64_t c = 0; c < g.cols; ++c) squares += g(r, c) * g(r, c);
  return (std::sqrt(squares) - target) * (std::sqrt(squares) - target);
}

template <class T>
struct Penalty {
  double value;
  Matrix<T> tangent;
};

template <class T>
Penalty<T> penalty_of(int threads, const Matrix<double>& gradients, bool in_place) {
  Context context = test::test_context(threads);
  const DeviceMatrix<T> g(context, gradients), apart(context, gradients.rows, gradients.cols);
  const DeviceArray<double> penalty(context, std::vector<double>{penalty_before});
  const DeviceMatrix<T>& tangent = in_place ? g : apart;
  penalty_tangent<T>(context, g, target, weight, penalty_scale, penalty.data(), tangent);
  return {penalty.value(), tangent.to_host()};
}

TYPED_TEST(GradientPenalty, IsTheMeanSquareAndTheTangentItsDifference) {
  using T = TypeParam;
  for (const auto& [rows, cols] :
       {std::pair{1, 257}, {9, 64}, {33, 65}, {257, 3}, {5, 1}, {2, 5217}, {1, 5218}}) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    // Norms of order 1, so that the differences below keep their digits.
    auto g = test::random_matrix(rows, cols, 3, cols > 1000 ? 0.05 : 2);
    double mean = 0;
    Matrix<double> tangent(rows, cols);
    for (int r = 0; r < rows; ++r) {
      mean += squared_distance(g, r) / rows;
      for (int c = 0; c < cols; ++c) {
        const double at = g(r, c), h = 1e-6;
        g(r, c) = at + h;
        const double above = squared_distance(g, r);
        g(r, c) = at - h;
        const double below = squared_distance(g, r);
        g(r, c) = at;
        tangent(r, c) = weight / rows * (above - below) / (2 * h);
      }
    }
    for (int threads : {1, 2}) {
      const auto got = penalty_of<T>(threads, g, false);
      EXPECT_NEAR(got.value, penalty_before + penalty_scale * mean, test::long_sums.of<T>() * (1 + mean));
      test::expect_near(got.tangent, tangent, test::central_difference.of<T>());
      const auto in_place = penalty_of<T>(threads, g, true);
      EXPECT_EQ(in_place.value, got.value);
      EXPECT_EQ(in_place.tangent.values, got.tangent.values);
    }
    EXPECT_EQ(penalty_of<T>(1, g, false).tangent.values, penalty_of<T>(2, g, false).tangent.values);
  }
}

TYPED_TEST(GradientPenalty, OfAGradientOfZeroHasNoDirection) {
  const auto got = penalty_of<TypeParam>(1, Matrix<double>(3, 5), false);
  EXPECT_NEAR(got.value, penalty_before + penalty_scale * target * target, 1e-7);
  EXPECT_EQ(got.tangent.values, std::vector<TypeParam>(15, 0));
}

TYPED_TEST(GradientPenalty, OfNoRowsAddsNothing) {
  EXPECT_EQ(penalty_of<TypeParam>(1, Matrix<double>(0, 5), false).value, penalty_before);
}

long double probability(long double s) { return 1 / (1 + std::exp(-s)); }

/// phi(s) of the head, and its differences with h = 1e-4 in long double.
struct Head {
  PenaltyOn on;

  long double value(long double s) const { return on == PenaltyOn::probability ? probability(s) : s; }
  double first(double s) const { return static_cast<double>((value(s + h) - value(s - h)) / (2 * h)); }
  double second(double s) const {
    return static_cast<double>((value(s + h) - 2 * value(s) + value(s - h)) / (h * h));
  }

  static constexpr long double h = 1e-4L;
};
/// f64: truncation of those differences, h^2 times a higher derivative.
constexpr test::Tolerance head_difference{2e-6, 2e-8};

TYPED_TEST(GradientPenalty, HeadDerivativesAreDifferences) {
  using T = TypeParam;
  for (PenaltyOn on : {PenaltyOn::probability, PenaltyOn::logit}) {
    for (double scale : {1.0, 0.625}) {
      for (std::int64_t rows : test::edge_sizes) {
        SCOPED_TRACE(fmt::format("head {}, scale {}, {} rows", static_cast<int>(on), scale, rows));
        const auto s = test::random_matrix(rows, 1, 4, 6), linear = test::random_matrix(rows, 1, 5);
        const Head head{on};
        Matrix<double> first(rows, 1), second(rows, 1), scaled(rows, 1);
        for (std::int64_t r = 0; r < rows; ++r) {
          first(r, 0) = scale * head.first(s(r, 0));
          scaled(r, 0) = scale * linear(r, 0);
          second(r, 0) = scaled(r, 0) * head.second(s(r, 0));
        }
        Context context = test::test_context(2);
        const DeviceArray<T> factor(context, std::vector<double>{scale});
        const T* given = scale == 1 ? nullptr : factor.data();
        const DeviceMatrix<T> logits(context, s), tangent(context, linear), derivative(context, rows, 1),
            curvature(context, rows, 1);
        head_derivative<T>(context, on, logits, given, derivative);
        head_second_derivative<T>(context, on, logits, given, tangent, curvature);
        test::expect_near(derivative.to_host(), first, head_difference.of<T>());
        test::expect_near(tangent.to_host(), scaled, test::few_roundings.of<T>());
        test::expect_near(curvature.to_host(), second, head_difference.of<T>());
      }
    }
  }
}

/// A critic asks for them before its logits are there.
TYPED_TEST(GradientPenalty, HeadDerivativesOfTheIdentityDoNotAskForLogits) {
  using T = TypeParam;
  Context context = test::test_context();
  constexpr std::int64_t rows = 33;
  Matrix<double> unknown(rows, 1), ones(rows, 1), zeros(rows, 1);
  std::fill(unknown.values.begin(), unknown.values.end(), std::numeric_limits<double>::quiet_NaN());
  std::fill(ones.values.begin(), ones.values.end(), 1.0);
  const DeviceMatrix<T> logits(context, unknown), tangent(context, ones), derivative(context, rows, 1),
      curvature(context, rows, 1);
  head_derivative<T>(context, PenaltyOn::logit, logits, nullptr, derivative);
  head_second_derivative<T>(context, PenaltyOn::logit, logits, nullptr, tangent, curvature);
  test::expect_near(derivative.to_host(), ones, test::Tolerance{0, 0}.of<T>());
  test::expect_near(curvature.to_host(), zeros, test::Tolerance{0, 0}.of<T>());
}

TYPED_TEST(GradientPenalty, HeadOfNoRowsIsNothing) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 1);
  head_derivative<T>(context, PenaltyOn::logit, none, nullptr, none);
  head_second_derivative<T>(context, PenaltyOn::logit, none, nullptr, none, none);
  interpolate<T>(context, RandomStream(), none, none, none);
}

TYPED_TEST(GradientPenalty, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> fits(context, 3, 1), wide(context, 3, 2), low(context, 2, 1);
  const DeviceArray<double> penalty(context, std::vector<double>{0});
  const RandomStream stream;
  EXPECT_THROW(interpolate<T>(context, stream, low, fits, fits), InternalError);
  EXPECT_THROW(interpolate<T>(context, stream, fits, wide, fits), InternalError);
  EXPECT_THROW(interpolate<T>(context, stream, fits, fits, low), InternalError);
  EXPECT_THROW(penalty_tangent<T>(context, fits, 1, 1, 1, penalty.data(), low), InternalError);
  EXPECT_THROW(penalty_tangent<T>(context, fits, 1, 1, 1, penalty.data(), wide), InternalError);
  const auto on = PenaltyOn::logit;
  EXPECT_THROW(head_derivative<T>(context, on, wide, nullptr, fits), InternalError);
  EXPECT_THROW(head_derivative<T>(context, on, fits, nullptr, wide), InternalError);
  EXPECT_THROW(head_derivative<T>(context, on, fits, nullptr, low), InternalError);
  EXPECT_THROW(head_second_derivative<T>(context, on, fits, nullptr, wide, fits), InternalError);
  EXPECT_THROW(head_second_derivative<T>(context, on, wide, nullptr, fits, fits), InternalError);
  EXPECT_THROW(head_second_derivative<T>(context, on, fits, nullptr, low, fits), InternalError);
  EXPECT_THROW(head_second_derivative<T>(context, on, fits, nullptr, fits, low), InternalError);
}

}  // namespace
}  // namespace sparcell
