// The formulas that devices share for the likelihood of counts (kernels/math).
#include "math/count_loss.h"
#include "math/gamma.h"
#include "ops/op_test.h"

namespace sparcell {
namespace {

/// Losses and derivatives of f32: logarithms and exponentials of log means up to 20, and their differences.
constexpr test::Tolerance entries{4e-6, 1e-13};

template <class T>
struct CountFormulas : testing::Test {};
TYPED_TEST_SUITE(CountFormulas, test::Scalars);

/// A zero under gates that are as good as open or shut, and means and dispersions beyond their bounds.
template <class T>
void check_gated_zero(double logit, double log_mean, double log_dispersion) {
  SCOPED_TRACE(fmt::format("gate {}, log mean {}, log dispersion {}", logit, log_mean, log_dispersion));
  const long double m = std::clamp(std::exp(static_cast<long double>(log_mean)), 1e-5L, 1e6L),
                    t = std::clamp(std::exp(static_cast<long double>(log_dispersion)), 1e-4L, 1e4L);
  const auto inside = [](double log, double lowest, double highest) {
    return std::log(lowest) <= log && log <= std::log(highest) ? 1.0L : 0.0L;
  };
  const auto softplus = [](long double x) { return std::max(x, 0.0L) + std::log1p(std::exp(-std::abs(x))); };
  const auto sigmoid = [](long double x) { return 1 / (1 + std::exp(-x)); };
  const long double zero = t * std::log1p(m / t), share = m * t / (t + m), drawn = sigmoid(-(logit + zero));
  const math::EntryLoss<T> got = math::loss_of_zero<true, T>(
      static_cast<T>(log_mean), math::bounded_dispersion(static_cast<T>(log_dispersion)),
      static_cast<T>(logit));
  const auto near = [&](T value, long double expected) {
    const double scale = std::max({1.0, static_cast<double>(zero), std::abs(logit)});
    EXPECT_NEAR(value, static_cast<double>(expected), entries.of<T>() * scale);
  };
  near(got.loss, zero + softplus(logit) - softplus(logit + zero));
  near(got.by_log_mean, inside(log_mean, 1e-5, 1e6) * drawn * share);
  near(got.by_gate, sigmoid(logit) - sigmoid(logit + zero));
  near(got.by_log_dispersion, inside(log_dispersion, 1e-4, 1e4) * drawn * (zero - share));
}

TYPED_TEST(CountFormulas, GatesOfAnySizeAreTheClosedForm) {
  for (const double logit : {-300.0, -100.0, -87.5, -86.5, -20.0, -0.5, 0.0, 0.5, 20.0, 86.5, 100.0, 300.0}) {
    for (const double log_mean : {-20.0, -11.0, -3.0, 0.0, 3.0, 13.0, 20.0}) {
      for (const double log_dispersion : {-15.0, -9.0, 0.0, 9.0, 15.0})
        check_gated_zero<TypeParam>(logit, log_mean, log_dispersion);
    }
  }
}

TEST(Logarithms, AreTheStandardLibrarys) {
  for (double x = 1e-300; x < 1e300; x *= 1.37) {
    EXPECT_NEAR(math::log_of_normal(x), std::log(x), 3e-16 * std::abs(std::log(x))) << x;
    EXPECT_NEAR(math::log1p_of_positive(x), std::log1p(x), 5e-16 * std::log1p(x)) << x;
  }
  for (double x = 0.4; x < 2.5; x += 1e-3)
    EXPECT_NEAR(math::log_of_normal(x), std::log(x), 3e-16 * std::abs(std::log(x))) << x;
  EXPECT_EQ(math::log_of_normal(1), 0);
  EXPECT_EQ(math::log1p_of_positive(0), 0);
}

TEST(GammaDifferences, AreThoseOfLgammaAndOfDigammasRecurrence) {
  for (const double t : {1e-4, 0.03, 0.9, 1.0, 3.7, 8.0, 25.0, 1e3, 1e4}) {
    for (const double c : {0.0, 1.0, 2.0, 12.0, 13.0, 50.0, 999.0, 1e5, 1e6}) {
      SCOPED_TRACE(fmt::format("t = {}, c = {}", t, c));
      const math::GammaDifference got = math::gamma_difference(c, t);
      const long double expected =
          std::lgamma(static_cast<long double>(t) + c) - std::lgamma(static_cast<long double>(t));
      EXPECT_NEAR(got.log_gamma, static_cast<double>(expected), 4e-15 * std::max(1.0L, std::abs(expected)));
      long double sum = 0;
      for (long double j = 0; j < c; ++j) sum += 1 / (t + j);
      EXPECT_NEAR(got.digamma, static_cast<double>(sum), 4e-15 * std::max(1.0L, sum));
    }
  }
}

}  // namespace
}  // namespace sparcell
