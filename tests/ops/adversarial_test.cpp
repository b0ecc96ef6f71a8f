#include "sparcell/ops/adversarial.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct Adversarial : test::OpTest<T> {};
TYPED_TEST_SUITE(Adversarial, test::Scalars);

constexpr double loss_before = 3, score_before = -2, weight = 0.75;

/// The loss of one logit by its definition: cross-entropy as -t log p - (1 - t) log (1 - p).
double loss_of(LogitLoss kind, double target, double s) {
  switch (kind) {
    case LogitLoss::cross_entropy:
      return target * std::log1p(std::exp(-s)) + (1 - target) * std::log1p(std::exp(s));
    case LogitLoss::hinge:
      return std::max(0.0, 1 - target * s);
    case LogitLoss::linear:
      return target * s;
  }
  return 0;
}

template <class T>
struct Result {
  double loss, score;
  Matrix<T> gradient;
};

template <class T>
Result<T> on_device(LogitLoss kind, double target, const Matrix<double>& logits) {
  Context context = test::test_context();
  const DeviceMatrix<T> s(context, logits), gradient(context, logits.rows, 1);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before});
  const DeviceArray<double> score(context, std::vector<double>{score_before});
  const LogitGroup<T> group{target, s, score.data(), gradient};
  logit_loss<T>(context, kind, weight, {&group, 1}, loss.data());
  return {loss.value(), score.value(), gradient.to_host()};
}

TYPED_TEST(Adversarial, LossIsTheWeightedMeanAndGradientItsDifference) {
  struct {
    LogitLoss kind;
    std::vector<double> targets;
  } const cases[] = {{LogitLoss::cross_entropy, {0, 1, 0.9}},  // 0.9: a smoothed label
                     {LogitLoss::hinge, {1, -1}},
                     {LogitLoss::linear, {1, -1}}};
  for (const auto& [kind, targets] : cases) {
    for (double target : targets) {
      for (std::int64_t rows : test::edge_sizes) {
        SCOPED_TRACE(fmt::format("kind {}, target {}, {} rows", static_cast<int>(kind), target, rows));
        auto logits = test::random_matrix(rows, 1, 1, 4);
        const auto mean = [&] {
          double sum = 0;
          for (double s : logits.values) sum += loss_of(kind, target, s);
          return weight * sum / static_cast<double>(rows);
        };
        const auto got = on_device<TypeParam>(kind, target, logits);
        EXPECT_NEAR(got.loss, loss_before + mean(), test::elementary.of<TypeParam>() * 4);
        double score = 0;
        for (double s : logits.values) score += s / static_cast<double>(rows);
        // Inputs are exact in f32 and sums are f64 in both.
        EXPECT_NEAR(got.score, score_before + score, 1e-12);
        const auto expected = test::central_differences(logits.values, mean);
        // An error of the differences' sum of losses counts for each row's share of it.
        test::expect_near(got.gradient.values, expected, test::central_difference.of<TypeParam>(),
                          1 / static_cast<double>(rows));
      }
    }
  }
}

TYPED_TEST(Adversarial, CrossEntropyOfExtremeLogitsNeitherOverflowsNorLosesItsSlope) {
  Matrix<double> logits(4, 1);
  logits.values = {1000, -1000, 40, -40};
  for (double target : {0.0, 1.0}) {
    const auto got = on_device<TypeParam>(LogitLoss::cross_entropy, target, logits);
    // softplus(s) is s above and 0 below; either label is right about half of the logits.
    EXPECT_NEAR(got.loss, loss_before + weight * 1040 / 4, 1e-4);
    for (int i = 0; i < 4; ++i) {
      const double probability = logits.values[i] > 0 ? 1 : 0;
      EXPECT_NEAR(got.gradient(i, 0), weight / 4 * (probability - target), 1e-7);
    }
  }
}

TYPED_TEST(Adversarial, GroupsAddUpAndMayShareTheirScore) {
  using T = TypeParam;
  const auto real = test::random_matrix(33, 1, 2, 4), generated = test::random_matrix(300, 1, 3, 4);
  const auto alone_real = on_device<T>(LogitLoss::hinge, 1, real),
             alone_generated = on_device<T>(LogitLoss::hinge, -1, generated);
  Context context = test::test_context();
  const DeviceMatrix<T> s_real(context, real), s_generated(context, generated), grad_real(context, 33, 1),
      grad_generated(context, 300, 1);
  const DeviceArray<double> sums(context, std::vector<double>{loss_before});
  const LogitGroup<T> groups[] = {{1, s_real, sums.data(), grad_real},
                                  {-1, s_generated, nullptr, grad_generated}};
  logit_loss<T>(context, LogitLoss::hinge, weight, groups, sums.data());
  EXPECT_NEAR(sums.value(),
              alone_real.loss + alone_real.score - score_before + alone_generated.loss - loss_before, 1e-12);
  EXPECT_EQ(grad_real.to_host().values, alone_real.gradient.values);
  EXPECT_EQ(grad_generated.to_host().values, alone_generated.gradient.values);
}

TYPED_TEST(Adversarial, OfNoRowsAddsNothing) {
  const auto got = on_device<TypeParam>(LogitLoss::hinge, 1, Matrix<double>(0, 1));
  EXPECT_EQ(got.loss, loss_before);
  EXPECT_EQ(got.score, score_before);
}

TYPED_TEST(Adversarial, RefusesMoreThanOneColumnOtherHeightsAndThreeGroups) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> fits(context, 3, 1), wide(context, 3, 2), low(context, 2, 1);
  const DeviceArray<double> loss(context, std::vector<double>{0});
  const auto call = [&](const DeviceMatrix<T>& logits, const DeviceMatrix<T>& gradient,
                        std::size_t count = 1) {
    const std::vector<LogitGroup<T>> groups(count, {1, logits, nullptr, gradient});
    logit_loss<T>(context, LogitLoss::linear, 1, groups, loss.data());
  };
  EXPECT_THROW(call(wide, fits), InternalError);
  EXPECT_THROW(call(fits, wide), InternalError);
  EXPECT_THROW(call(fits, low), InternalError);
  EXPECT_THROW(call(fits, fits, 3), InternalError);
}

}  // namespace
}  // namespace sparcell
