#include "sparcell/ops/spectral_norm.h"

#include <deque>

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct SpectralNorm : test::OpTest<T> {};
TYPED_TEST_SUITE(SpectralNorm, test::Scalars);

std::vector<double> times(const Matrix<double>& w, const std::vector<double>& v) {
  std::vector<double> out(static_cast<std::size_t>(w.rows));
  for (std::int64_t r = 0; r < w.rows; ++r) {
    for (std::int64_t c = 0; c < w.cols; ++c) out[r] += w(r, c) * v[c];
  }
  return out;
}

std::vector<double> transposed_times(const Matrix<double>& w, const std::vector<double>& u) {
  std::vector<double> out(static_cast<std::size_t>(w.cols));
  for (std::int64_t r = 0; r < w.rows; ++r) {
    for (std::int64_t c = 0; c < w.cols; ++c) out[c] += w(r, c) * u[r];
  }
  return out;
}

double dot(const std::vector<double>& x, const std::vector<double>& y) {
  double sum = 0;
  for (std::size_t i = 0; i < x.size(); ++i) sum += x[i] * y[i];
  return sum;
}

/// As torch.nn.functional.normalize: x / max(|x|, 1e-12).
std::vector<double> unit(std::vector<double> x) {
  const double norm = std::max(std::sqrt(dot(x, x)), 1e-12);
  for (double& value : x) value /= norm;
  return x;
}

/// A weight with its two vectors, which power iterations move.
struct Spectrum {
  Matrix<double> weight;
  std::vector<double> u, v;

  Spectrum(std::int64_t rows, std::int64_t cols)
      : weight(test::random_matrix(rows, cols, 1)),
        u(unit(test::random_values(rows, 2))),
        v(unit(test::random_values(cols, 3))) {}

  double sigma() const { return dot(u, times(weight, v)); }
  /// The order of torch.nn.utils.spectral_norm: v from u, then u from the new v.
  void iterate() {
    v = unit(transposed_times(weight, u));
    u = unit(times(weight, v));
  }
};

template <class T>
struct Sigma {
  T inverse;
  std::vector<T> u, v;
};

/// `passes` of them see the weight.
template <class T>
Sigma<T> on_device(int threads, const Spectrum& spectrum, int calls = 1, std::int64_t passes = 1) {
  Context context = test::test_context(threads);
  const auto rows = spectrum.weight.rows, cols = spectrum.weight.cols;
  const DeviceMatrix<T> weight(context, spectrum.weight), kept_u(context, passes, rows),
      kept_v(context, passes, cols);
  const DeviceArray<T> u(context, spectrum.u), v(context, spectrum.v), inverse(context, passes);
  const SpectralWeight<T> one{weight, u, v, inverse, kept_u, kept_v};
  for (int i = 0; i < calls; ++i) spectral_sigma<T>(context, {&one, 1});
  const std::vector<T> inverses = inverse.to_host();
  for (std::int64_t p = 0; p < passes; ++p) {
    EXPECT_EQ(inverses[p], inverses.front());
    const auto row = [&](const Matrix<T>& kept) {
      return std::vector<T>(kept.values.begin() + p * kept.cols, kept.values.begin() + (p + 1) * kept.cols);
    };
    EXPECT_EQ(row(kept_u.to_host()), u.to_host());
    EXPECT_EQ(row(kept_v.to_host()), v.to_host());
  }
  return {inverses.front(), u.to_host(), v.to_host()};
}

constexpr struct {
  std::int64_t rows, cols;
} shapes[] = {{1, 1}, {1, 257}, {257, 1}, {31, 65}, {64, 33}, {65, 1009}, {256, 64}};

TYPED_TEST(SpectralNorm, OneIterationIsThatOfPyTorch) {
  for (const auto& [rows, cols] : shapes) {
    SCOPED_TRACE(fmt::format("{} x {}", rows, cols));
    Spectrum spectrum(rows, cols);
    const Spectrum before = spectrum;
    spectrum.iterate();
    const double tolerance = test::long_sums.of<TypeParam>();
    for (int threads : {1, 2}) {
      const auto got = on_device<TypeParam>(threads, before);
      test::expect_near(got.u, spectrum.u, tolerance);
      test::expect_near(got.v, spectrum.v, tolerance);
      EXPECT_NEAR(got.inverse * spectrum.sigma(), 1, tolerance);
    }
  }
}

/// (I - 2 p p^T) D (I - 2 q q^T), whose singular values are D's.
Matrix<double> with_singular_values(const std::vector<double>& values, std::int64_t rows, std::int64_t cols) {
  const auto p = unit(test::random_values(rows, 4)), q = unit(test::random_values(cols, 5));
  Matrix<double> out(rows, cols);
  for (std::int64_t r = 0; r < rows; ++r) {
    for (std::int64_t c = 0; c < cols; ++c) {
      for (std::size_t k = 0; k < values.size(); ++k) {
        const auto i = static_cast<std::int64_t>(k);
        out(r, c) += ((r == i) - 2 * p[r] * p[k]) * values[k] * ((c == i) - 2 * q[c] * q[k]);
      }
    }
  }
  return out;
}

TYPED_TEST(SpectralNorm, IterationsFindTheLargestSingularValue) {
  Spectrum spectrum(33, 65);
  spectrum.weight = with_singular_values({3, 5, 2, 1, 0.5}, 33, 65);
  const auto got = on_device<TypeParam>(2, spectrum, 40);  // (3 / 5)^(2 * 40) = 2e-18
  EXPECT_NEAR(got.inverse, 1.0 / 5, test::long_sums.of<TypeParam>());
}

TYPED_TEST(SpectralNorm, OfAWeightOfZeroHasVectorsOfZero) {
  Spectrum spectrum(3, 5);
  spectrum.weight = Matrix<double>(3, 5);
  const auto got = on_device<TypeParam>(1, spectrum);
  EXPECT_EQ(got.u, std::vector<TypeParam>(3, 0));
  EXPECT_EQ(got.v, std::vector<TypeParam>(5, 0));
}

TYPED_TEST(SpectralNorm, PassesKeepWhatTheySaw) {
  for (std::int64_t passes : {2, 3}) {
    const auto got = on_device<TypeParam>(2, Spectrum(33, 65), 1, passes),
               one = on_device<TypeParam>(2, Spectrum(33, 65));
    EXPECT_EQ(got.inverse, one.inverse);
    EXPECT_EQ(got.u, one.u);
  }
}

TYPED_TEST(SpectralNorm, ManyWeightsAtOnceAreWhatTheyAreAlone) {
  using T = TypeParam;
  Context context = test::test_context(2);
  constexpr std::int64_t most = 19;  // more than a launch takes
  std::deque<DeviceMatrix<T>> matrices;
  std::deque<DeviceArray<T>> arrays;
  std::vector<Spectrum> spectra;
  std::vector<SpectralWeight<T>> weights;
  for (std::int64_t i = 0; i < most; ++i) {
    const Spectrum& spectrum = spectra.emplace_back(1 + i * 37 % 70, 1 + i * 53 % 140);
    const auto& weight = matrices.emplace_back(context, spectrum.weight);
    const auto& kept_u = matrices.emplace_back(context, 1, spectrum.weight.rows);
    const auto& kept_v = matrices.emplace_back(context, 1, spectrum.weight.cols);
    const auto& u = arrays.emplace_back(context, spectrum.u);
    const auto& v = arrays.emplace_back(context, spectrum.v);
    weights.push_back({weight, u, v, arrays.emplace_back(context, 1), kept_u, kept_v});
  }
  spectral_sigma<T>(context, weights);
  for (std::int64_t i = 0; i < most; ++i) {
    spectra[i].iterate();
    SCOPED_TRACE(i);
    test::expect_near(arrays[3 * i].to_host(), spectra[i].u, test::long_sums.of<T>());
    test::expect_near(arrays[3 * i + 1].to_host(), spectra[i].v, test::long_sums.of<T>());
    EXPECT_NEAR(arrays[3 * i + 2].value() * spectra[i].sigma(), 1, test::long_sums.of<T>());
  }
}

TYPED_TEST(SpectralNorm, InnerIsTheProductWithA) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    for (bool with_bias : {false, true}) {
      SCOPED_TRACE(fmt::format("{} x {}, bias: {}", rows, cols, with_bias));
      const auto grad = test::random_matrix(rows, cols, 6), a = test::random_matrix(rows, cols, 7);
      const auto bias = with_bias ? test::random_values(cols, 8) : std::vector<double>(cols);
      const auto more = test::random_matrix(3, cols, 15);
      double expected = 0, magnitude = 1;
      const auto add = [&](double term) {
        expected += term;
        magnitude += std::abs(term);
      };
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t c = 0; c < cols; ++c) add(grad(r, c) * (a(r, c) - bias[c]));
      }
      const double alone = expected;
      for (double value : more.values) add(value * value);
      for (int threads : {1, 2}) {
        Context context = test::test_context(threads);
        const DeviceMatrix<T> g(context, grad), at(context, a), second(context, more);
        const DeviceArray<T> shift(context, bias), inner(context, std::vector<double>{3, 3, 3});
        const SpectralTerm<T> first{g, at, with_bias ? shift.span() : std::span<T>()};
        const SpectralInner<T> inners[] = {{{first, {}}, inner.data()},
                                           {{first, {second, second, {}}}, inner.data() + 1},
                                           {{}, inner.data() + 2}};
        spectral_inner<T>(context, inners);
        test::expect_near(inner.to_host(), {alone, expected, 0}, test::long_sums.of<T>(), magnitude);
      }
    }
  }
}

TYPED_TEST(SpectralNorm, CorrectionTakesOutEveryPass) {
  using T = TypeParam;
  for (const auto& [rows, cols] : shapes) {
    for (std::int64_t passes : {0, 1, 3}) {
      SCOPED_TRACE(fmt::format("{} x {}, {} passes", rows, cols, passes));
      const auto before = test::random_matrix(rows, cols, 9);
      const auto u = test::random_matrix(passes, rows, 10), v = test::random_matrix(passes, cols, 11);
      const auto inner = test::random_values(passes, 12);
      Matrix<double> expected = before;
      for (std::int64_t p = 0; p < passes; ++p) {
        for (std::int64_t r = 0; r < rows; ++r) {
          for (std::int64_t c = 0; c < cols; ++c) expected(r, c) -= inner[p] * u(p, r) * v(p, c);
        }
      }
      std::vector<T> of_one_thread;
      for (int threads : {1, 2}) {
        Context context = test::test_context(threads);
        const DeviceMatrix<T> us(context, u), vs(context, v), gradient(context, before);
        const DeviceArray<T> factors(context, inner);
        const SpectralGradient<T> one{us, vs, factors, gradient};
        spectral_correction<T>(context, {&one, 1});
        const Matrix<T> got = gradient.to_host();
        test::expect_near(got, expected, test::few_roundings.of<T>(), 8);
        if (threads == 1) of_one_thread = got.values;
        EXPECT_EQ(got.values, of_one_thread);
      }
    }
  }
}

TYPED_TEST(SpectralNorm, TogetherTheyAreTheGradientThroughSigma) {
  // L(W) = <cotangent, x (W / sigma(W))^T> with u and v held, as PyTorch holds them.
  using T = TypeParam;
  Spectrum spectrum(7, 9);
  spectrum.iterate();
  const auto x = test::random_matrix(5, 9, 13), cotangent = test::random_matrix(5, 7, 14);
  const auto product = [&](std::int64_t i, std::int64_t r) {
    double sum = 0;
    for (std::int64_t c = 0; c < 9; ++c) sum += x(i, c) * spectrum.weight(r, c) / spectrum.sigma();
    return sum;
  };
  const auto loss = [&] {
    double sum = 0;
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t r = 0; r < 7; ++r) sum += cotangent(i, r) * product(i, r);
    }
    return sum;
  };
  Matrix<double> a(5, 7), grad_linear(5, 7), plain(7, 9);
  for (std::int64_t i = 0; i < 5; ++i) {
    for (std::int64_t r = 0; r < 7; ++r) {
      a(i, r) = product(i, r);
      grad_linear(i, r) = cotangent(i, r) / spectrum.sigma();
      for (std::int64_t c = 0; c < 9; ++c) plain(r, c) += grad_linear(i, r) * x(i, c);
    }
  }
  Context context = test::test_context();
  const DeviceMatrix<T> g(context, grad_linear), at(context, a), weight_gradient(context, plain);
  const DeviceArray<T> inner(context, std::vector<double>{0}), u(context, spectrum.u), v(context, spectrum.v);
  const SpectralInner<T> product_of{{{g, at, {}}, {}}, inner.data()};
  const SpectralGradient<T> corrected{MatrixView<const T>(u.data(), 1, 7),
                                      MatrixView<const T>(v.data(), 1, 9), inner, weight_gradient};
  spectral_inner<T>(context, {&product_of, 1});
  spectral_correction<T>(context, {&corrected, 1});
  Matrix<double> expected(7, 9);
  expected.values = test::central_differences(spectrum.weight.values, loss);
  test::expect_near(weight_gradient.to_host(), expected, test::central_difference.of<T>());
}

TYPED_TEST(SpectralNorm, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> weight(context, 2, 3), other(context, 3, 3), none(context, 0, 3), u(context, 4, 2),
      v(context, 4, 3);
  const DeviceArray<T> two(context, 2), three(context, 3), four(context, 4), zero(context, 0),
      one(context, 1);
  const DeviceMatrix<T> row_of_two(context, 1, 2), row_of_three(context, 1, 3);
  const auto sigma = [&](const DeviceMatrix<T>& w, const DeviceArray<T>& u, const DeviceArray<T>& v,
                         const DeviceMatrix<T>& kept_u, const DeviceMatrix<T>& kept_v) {
    const SpectralWeight<T> bad{w, u, v, one, kept_u, kept_v};
    spectral_sigma<T>(context, {&bad, 1});
  };
  EXPECT_THROW(sigma(none, zero, three, DeviceMatrix<T>(context, 1, 0), row_of_three), InternalError);
  EXPECT_THROW(sigma(weight, three, three, row_of_two, row_of_three), InternalError);
  EXPECT_THROW(sigma(weight, two, two, row_of_two, row_of_three), InternalError);
  EXPECT_THROW(sigma(weight, two, three, row_of_three, row_of_three), InternalError);
  EXPECT_THROW(sigma(weight, two, three, row_of_two, row_of_two), InternalError);
  EXPECT_THROW(sigma(weight, two, three, row_of_two, weight), InternalError) << "two passes and one sigma";
  const auto inner = [&](const DeviceMatrix<T>& grad, const DeviceMatrix<T>& a, std::span<const T> bias) {
    const SpectralInner<T> bad{{{}, {grad, a, bias}}, one.data()};
    spectral_inner<T>(context, {&bad, 1});
  };
  EXPECT_THROW(inner(weight, other, {}), InternalError);
  EXPECT_THROW(inner(weight, v, {}), InternalError);
  EXPECT_THROW(inner(weight, weight, two), InternalError);
  const auto correction = [&](const DeviceMatrix<T>& u, const DeviceMatrix<T>& v, const DeviceArray<T>& inner,
                              const DeviceMatrix<T>& gradient) {
    const SpectralGradient<T> bad{u, v, inner, gradient};
    spectral_correction<T>(context, {&bad, 1});
  };
  EXPECT_THROW(correction(u, weight, four, weight), InternalError);
  EXPECT_THROW(correction(u, v, three, weight), InternalError);
  EXPECT_THROW(correction(u, v, four, other), InternalError);
  EXPECT_THROW(correction(u, u, four, weight), InternalError);
}

}  // namespace
}  // namespace sparcell
