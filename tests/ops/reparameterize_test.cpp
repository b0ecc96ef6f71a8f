#include "sparcell/ops/reparameterize.h"

#include "ops/op_test.h"
#include "sparcell/ops/random.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct Reparameterize : test::OpTest<T> {};
TYPED_TEST_SUITE(Reparameterize, test::Scalars);

constexpr double kl_scale = 0.125, kl_weight = 0.5, kl_before = 3, weighted_before = 5;
const RandomStream stream(21, Purpose::latent, 2);

/// The sampling by its formulas. The noise is what fill_normal draws from the stream, in order of rows.
struct Sampling {
  Matrix<double> mu, log_variance, noise;

  template <class T>
  static Sampling random(T, std::int64_t rows, std::int64_t cols) {
    Context context = test::test_context();
    const DeviceArray<T> drawn(context, rows * cols);
    fill_normal<T>(context, stream, T(1), drawn);
    Sampling out{test::random_matrix(rows, cols, 1), test::random_matrix(rows, cols, 2),
                 Matrix<double>(rows, cols)};
    const std::vector<T> host = drawn.to_host();
    out.noise.values.assign(host.begin(), host.end());
    return out;
  }

  double z(std::size_t i) const {
    return mu.values[i] + std::sqrt(std::exp(log_variance.values[i])) * noise.values[i];
  }
  /// KL(N(mu, variance) || N(0, 1)) of one latent number: (variance + mu^2 - 1 - log variance) / 2.
  double divergence(std::size_t i) const {
    const double variance = std::exp(log_variance.values[i]), m = mu.values[i];
    return (variance + m * m - 1 - std::log(variance)) / 2;
  }
  double kl(double least = 0) const {
    double sum = 0;
    for (std::size_t i = 0; i < mu.values.size(); ++i) sum += std::max(divergence(i), least);
    return kl_scale * sum;
  }
};

struct Shape {
  std::int64_t rows, cols;
  double free_bits;
};
constexpr double some_free_bits = 0.4;  // of divergences from 0 to 4

std::vector<Shape> shapes_and_free_bits() {
  std::vector<Shape> all;
  for (const double free_bits : {0.0, some_free_bits}) {
    for (const auto& [rows, cols] : {std::pair{1, 1}, {31, 2}, {33, 10}, {64, 3}, {9, 65}, {257, 7}})
      all.push_back({rows, cols, free_bits});
  }
  return all;
}

TYPED_TEST(Reparameterize, SamplesAndAddsTheDivergence) {
  using T = TypeParam;
  for (const auto& [rows, cols, free_bits] : shapes_and_free_bits()) {
    SCOPED_TRACE(fmt::format("{} x {}, {} free", rows, cols, free_bits));
    const Sampling sampling = Sampling::random(T(), rows, cols);
    Matrix<double> expected(rows, cols);
    for (std::size_t i = 0; i < expected.values.size(); ++i) expected.values[i] = sampling.z(i);
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> mu(context, sampling.mu), log_variance(context, sampling.log_variance),
          z(context, rows, cols);
      const DeviceArray<T> weight(context, std::vector<double>{kl_weight});
      const DeviceArray<double> kl(context, std::vector<double>{kl_before}),
          weighted(context, std::vector<double>{weighted_before});
      reparameterize<T>(context, stream, mu, log_variance, {kl_scale, free_bits}, weight.data(), kl.data(),
                        weighted.data(), z);
      const Matrix<T> got = z.to_host();
      test::expect_near(got, expected, test::elementary.of<T>(), 4);
      const double sums = 2 * test::elementary.of<T>() * std::max(1.0, sampling.kl(free_bits));
      EXPECT_NEAR(kl.value(), kl_before + sampling.kl(), sums);
      EXPECT_NEAR(weighted.value(), weighted_before + kl_weight * sampling.kl(free_bits), sums);
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
    }
  }
}

TYPED_TEST(Reparameterize, BackwardIsTheDifferenceOfForward) {
  using T = TypeParam;
  for (const auto& [rows, cols, free_bits] : shapes_and_free_bits()) {
    SCOPED_TRACE(fmt::format("{} x {}, {} free", rows, cols, free_bits));
    Sampling sampling = Sampling::random(T(), rows, cols);
    const auto cotangent = test::random_matrix(rows, cols, 3);
    Matrix<double> by_mu(rows, cols), by_log_variance(rows, cols);
    for (std::size_t i = 0; i < by_mu.values.size(); ++i) {
      // What a latent number adds to sum of cotangent * z + weight * kl.
      const auto objective = [&] {
        return cotangent.values[i] * sampling.z(i) +
               kl_weight * kl_scale * std::max(sampling.divergence(i), free_bits);
      };
      const auto by = [&](double& number) {
        const double at = number, h = 1e-6;
        number = at + h;
        const double above = objective();
        number = at - h;
        const double below = objective();
        number = at;
        return (above - below) / (2 * h);
      };
      by_mu.values[i] = by(sampling.mu.values[i]);
      by_log_variance.values[i] = by(sampling.log_variance.values[i]);
    }
    std::vector<T> of_one_thread;
    for (int threads : {1, 2}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> mu(context, sampling.mu), log_variance(context, sampling.log_variance),
          grad_z(context, cotangent), grad_mu(context, rows, cols), grad_log_variance(context, rows, cols);
      const DeviceArray<T> weight(context, std::vector<double>{kl_weight});
      reparameterize_backward<T>(context, stream, mu, log_variance, grad_z, weight.data(),
                                 {kl_scale, free_bits}, grad_mu, grad_log_variance);
      test::expect_near(grad_mu.to_host(), by_mu, test::central_difference.of<T>());
      const Matrix<T> got = grad_log_variance.to_host();
      test::expect_near(got, by_log_variance, test::central_difference.of<T>());
      if (threads == 1) of_one_thread = got.values;
      EXPECT_EQ(got.values, of_one_thread);
    }
  }
}

TYPED_TEST(Reparameterize, OfNoRowsIsNothingAndOtherShapesAreRefused) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> none(context, 0, 2), fits(context, 3, 2), narrow(context, 3, 1), low(context, 2, 2);
  const DeviceArray<T> weight(context, std::vector<double>{1});
  const DeviceArray<double> kl(context, std::vector<double>{kl_before});
  const auto forward = [&](const DeviceMatrix<T>& mu, const DeviceMatrix<T>& log_variance,
                           const DeviceMatrix<T>& z) {
    reparameterize<T>(context, stream, mu, log_variance, 1, weight.data(), kl.data(), kl.data(), z);
  };
  const auto backward = [&](const DeviceMatrix<T>& log_variance, const DeviceMatrix<T>& grad_z,
                            const DeviceMatrix<T>& grad_mu, const DeviceMatrix<T>& grad_log_variance) {
    reparameterize_backward<T>(context, stream, fits, log_variance, grad_z, weight.data(), 1, grad_mu,
                               grad_log_variance);
  };
  forward(none, none, none);
  EXPECT_EQ(kl.value(), kl_before);
  reparameterize_backward<T>(context, stream, none, none, none, weight.data(), 1, none, none);
  EXPECT_THROW(forward(fits, narrow, fits), InternalError);
  EXPECT_THROW(forward(fits, low, fits), InternalError);
  EXPECT_THROW(forward(fits, fits, low), InternalError);
  EXPECT_THROW(backward(low, fits, fits, fits), InternalError);
  EXPECT_THROW(backward(fits, narrow, fits, fits), InternalError);
  EXPECT_THROW(backward(fits, fits, low, fits), InternalError);
  EXPECT_THROW(backward(fits, fits, fits, narrow), InternalError);
}

}  // namespace
}  // namespace sparcell
