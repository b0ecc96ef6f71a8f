#include "sparcell/ops/likelihood.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <numbers>

#include "math/count_loss.h"
#include "math/gamma.h"
#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct Likelihood : test::OpTest<T> {};
TYPED_TEST_SUITE(Likelihood, test::Scalars);

constexpr double loss_scale = 0.25, gradient_scale = 0.375, loss_before = 3;
/// Losses and derivatives of f32: logarithms and exponentials of log means up to 7, and their differences.
constexpr test::Tolerance entries{4e-6, 1e-13};

/// Cells out of a data set of 42 with everything that decides their losses.
struct Problem {
  CountForm form;
  Csr<double> x;
  std::vector<std::int32_t> order, group_of;
  std::vector<double> log_library;
  Matrix<double> outputs, log_dispersion;

  Problem(std::int64_t rows, std::int64_t genes, CountForm of_form, std::int64_t groups, bool observed)
      : form(of_form),
        x(test::random_csr<double>(42, genes, 0.3, 1,
                                   [](auto& generator) {
                                     const auto word = generator();
                                     return word % 8 == 0 ? 13 + word / 8 % 500 : 1 + word % 5;
                                   })),
        outputs(test::random_matrix(rows, form.columns(genes), 2)),
        log_dispersion(test::random_matrix(groups, genes, 3, 4)) {
    for (std::int64_t i = 0; i < rows; ++i) order.push_back(static_cast<std::int32_t>(i * 5 % 42));
    if (observed) log_library = test::random_values(42, 4);
    if (groups > 1) {
      for (std::int32_t cell = 0; cell < 42; ++cell)
        group_of.push_back(cell % static_cast<std::int32_t>(groups));
    }
  }

  std::int64_t group(std::int64_t i) const { return group_of.empty() ? 0 : group_of[order[i]]; }

  /// Of one cell, by lgamma.
  long double loss_of(std::int64_t i, const Matrix<double>& counts) const {
    long double sum = 0;
    for (std::int64_t g = 0; g < x.cols; ++g) {
      const long double shift = (log_library.empty() ? 0.0L : log_library[order[i]]) +
                                (form.library ? outputs(i, outputs.cols - 1) : 0.0L);
      const long double m = std::clamp(std::exp(outputs(i, g) + shift), 1e-5L, 1e6L);
      const long double t =
          std::clamp(std::exp(static_cast<long double>(log_dispersion(group(i), g))), 1e-4L, 1e4L);
      const long double c = counts(order[i], g);
      const long double log_nb = std::lgamma(c + t) - std::lgamma(t) - std::lgamma(c + 1) +
                                 t * std::log(t / (t + m)) + c * std::log(m / (t + m));
      if (!form.gate) {
        sum -= log_nb;
      } else {
        const long double pi = 1 / (1 + std::exp(-static_cast<long double>(outputs(i, x.cols + g))));
        sum -= c == 0 ? std::log(pi + (1 - pi) * std::exp(log_nb)) : std::log(1 - pi) + log_nb;
      }
    }
    return sum;
  }
};

template <class T>
struct OnDevice {
  double loss;
  std::vector<double> cell_losses;
  Matrix<T> gradient, by_log_dispersion;
};

template <class T>
OnDevice<T> on_device(const Problem& problem, int threads, bool with_gradient = true) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> x(context, problem.x);
  const test::DeviceBatch rows(context, problem.order);
  const DeviceMatrix<T> outputs(context, problem.outputs), log_dispersion(context, problem.log_dispersion),
      gradient(context, problem.outputs.rows, problem.outputs.cols),
      by_log_dispersion(context, problem.outputs.rows, problem.x.cols);
  const DeviceArray<T> log_library(context, problem.log_library);
  const DeviceArray<std::int32_t> group_of(context, problem.group_of);
  const DeviceArray<double> loss(context, std::vector<double>{loss_before}),
      cell_losses(context, problem.outputs.rows);
  count_loss<T>(context, problem.form, outputs, {log_dispersion, group_of.span()}, log_library, x, rows,
                loss_scale, gradient_scale, loss.data(), cell_losses,
                with_gradient ? gradient.view() : MatrixView<T>(),
                with_gradient ? by_log_dispersion.view() : MatrixView<T>());
  return {loss.value(), cell_losses.to_host(), gradient.to_host(), by_log_dispersion.to_host()};
}

template <class T>
void check_losses(const Problem& problem) {
  SCOPED_TRACE(fmt::format("{} x {}, gate {}, library {}", problem.outputs.rows, problem.x.cols,
                           problem.form.gate, problem.form.library));
  const Matrix<double> counts = test::dense(problem.x);
  std::vector<double> expected;
  double sum = 0;
  for (std::int64_t i = 0; i < problem.outputs.rows; ++i) {
    expected.push_back(static_cast<double>(problem.loss_of(i, counts)));
    sum += expected.back();
  }
  for (int threads : {1, 2}) {
    const OnDevice<T> got = on_device<T>(problem, threads);
    test::expect_near(got.cell_losses, expected, entries.of<T>(), 10);
    EXPECT_NEAR(got.loss, loss_before + loss_scale * sum, entries.of<T>() * std::max(10.0, sum));
    const OnDevice<T> without = on_device<T>(problem, threads, false);
    EXPECT_EQ(without.loss, got.loss);
    EXPECT_EQ(without.cell_losses, got.cell_losses);
  }
  EXPECT_EQ(on_device<T>(problem, 1).gradient.values, on_device<T>(problem, 2).gradient.values);
}

constexpr CountForm forms[] = {{}, {.gate = true}, {.library = true}, {.gate = true, .library = true}};

TYPED_TEST(Likelihood, CountsAreTheClosedForm) {
  for (const CountForm form : forms) {
    for (std::int64_t genes : test::edge_sizes) check_losses<TypeParam>(Problem(9, genes, form, 1, true));
    for (std::int64_t rows : test::edge_sizes) check_losses<TypeParam>(Problem(rows, 9, form, 3, false));
    check_losses<TypeParam>(Problem(65, 1009, form, 1, true));
  }
}

TYPED_TEST(Likelihood, GradientsOfCountsAreCentralDifferences) {
  using T = TypeParam;
  for (const CountForm form : forms) {
    SCOPED_TRACE(fmt::format("gate {}, library {}", form.gate, form.library));
    Problem problem(5, 33, form, 2, true);
    problem.outputs(1, 4) = 20;          // beyond the bounds of means
    problem.log_dispersion(0, 5) = -11;  // and of dispersions
    problem.log_dispersion(1, 6) = 10;
    const Matrix<double> counts = test::dense(problem.x);
    const auto total = [&] {
      long double sum = 0;
      for (std::int64_t i = 0; i < 5; ++i) sum += problem.loss_of(i, counts);
      return static_cast<double>(gradient_scale * sum);
    };
    const OnDevice<T> got = on_device<T>(problem, 1);
    Matrix<double> expected(5, problem.outputs.cols);
    expected.values = test::central_differences(problem.outputs.values, total, 1e-5);
    const double scale = test::scale_of(expected.values);
    constexpr test::Tolerance differences{1e-5, 1e-7};
    test::expect_near(got.gradient, expected, differences.of<T>(), scale);
    Matrix<double> of_groups(2, 33), sums(2, 33);
    of_groups.values = test::central_differences(problem.log_dispersion.values, total, 1e-5);
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t g = 0; g < 33; ++g) sums(problem.group(i), g) += got.by_log_dispersion(i, g);
    }
    test::expect_near(sums, of_groups, differences.of<T>(), test::scale_of(of_groups.values));
    EXPECT_EQ(got.by_log_dispersion(0, 5), 0);
  }
}

/// The loss of one count by itself.
template <class T>
double loss_of_entry(const nlohmann::json& entry, bool gate) {
  Problem problem(1, 1, {.gate = gate}, 1, false);
  problem.x = test::csr_of<double>({{entry["count"].get<double>()}});
  problem.order = {0};
  problem.outputs(0, 0) = std::log(entry["mean"].get<double>());
  if (gate) problem.outputs(0, 1) = entry["logit"];
  problem.log_dispersion(0, 0) = std::log(entry["theta"].get<double>());
  return on_device<T>(problem, 1).cell_losses[0];
}

TYPED_TEST(Likelihood, CountsAreThoseOfScviToolsAndScipy) {
  std::ifstream file("tests/golden/likelihood.json");
  const auto golden = nlohmann::json::parse(file);
  constexpr test::Tolerance of_scvi{5e-6, 1e-6}, of_scipy{5e-6, 1e-11};
  for (const auto& entry : golden["entries"]) {
    SCOPED_TRACE(entry.dump());
    const auto compare = [&](const char* whose, bool gate, const test::Tolerance& tolerance) {
      if (!entry.contains(whose)) return;
      const double expected = -entry[whose].get<double>();
      EXPECT_NEAR(loss_of_entry<TypeParam>(entry, gate), expected,
                  tolerance.of<TypeParam>() * std::max(1.0, std::abs(expected)));
    };
    compare("nb", false, of_scvi);
    compare("zinb", true, of_scvi);
    compare("scipy", false, of_scipy);
  }
}

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

TYPED_TEST(Likelihood, GatesOfAnySizeAreTheClosedForm) {
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

/// Values under normal distributions, standardized or not, variances shared or not.
template <class T>
void check_gaussian(std::int64_t rows, std::int64_t cols, bool standardized, bool shared) {
  SCOPED_TRACE(fmt::format("{} x {}, standardized {}, shared {}", rows, cols, standardized, shared));
  const Csr<double> x = test::random_counts<double>(42, cols, 0.3, 1);
  std::vector<std::int32_t> order;
  for (std::int64_t i = 0; i < rows; ++i) order.push_back(static_cast<std::int32_t>(i * 5 % 42));
  const std::vector<double> mean = standardized ? test::random_values(cols, 3) : std::vector<double>(),
                            inverse = standardized ? test::random_values(cols, 4) : std::vector<double>();
  const Matrix<double> prediction = test::random_matrix(rows, cols, 2), dense = test::dense(x);
  const std::vector<double> log_variance = test::random_values(shared ? 1 : cols, 5);
  std::vector<double> losses;
  Matrix<double> gradient(rows, cols), by_variance(rows, cols);
  double sum = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    losses.push_back(0);
    for (std::int64_t c = 0; c < cols; ++c) {
      const double target = standardized ? (dense(order[i], c) - mean[c]) * inverse[c] : dense(order[i], c);
      const double variance = std::exp(log_variance[shared ? 0 : c]), d = prediction(i, c) - target;
      losses[i] += d * d / variance / 2 + std::log(2 * std::numbers::pi * variance) / 2;
      gradient(i, c) = gradient_scale * d / variance;
      by_variance(i, c) = gradient_scale * (1 - d * d / variance) / 2;
    }
    sum += losses[i];
  }
  for (int threads : {1, 2}) {
    Context context = test::test_context(threads);
    const test::DeviceCsr<T> on_x(context, x);
    const test::DeviceBatch batch(context, order);
    const DeviceArray<T> means(context, mean), scales(context, inverse), variances(context, log_variance);
    const DeviceMatrix<T> predicted(context, prediction), got(context, rows, cols),
        got_variance(context, rows, cols);
    const DeviceArray<double> loss(context, std::vector<double>{loss_before}), of_cells(context, rows);
    gaussian_loss<T>(context, predicted, variances, on_x, batch, means, scales, loss_scale, gradient_scale,
                     loss.data(), of_cells, got, got_variance);
    const double scale = 400 * std::exp(2.0);  // counts of 20, variances of exp(-2)
    test::expect_near(got.to_host(), gradient, test::elementary.of<T>(), scale);
    test::expect_near(got_variance.to_host(), by_variance, test::elementary.of<T>(), scale);
    test::expect_near(of_cells.to_host(), losses, test::elementary.of<T>(), scale * std::sqrt(double(cols)));
    EXPECT_NEAR(loss.value(), loss_before + loss_scale * sum,
                test::elementary.of<T>() * std::max(scale, sum));
    gaussian_loss<T>(context, predicted, variances, on_x, batch, means, scales, loss_scale, gradient_scale,
                     loss.data(), {}, {}, {});
    EXPECT_NEAR(loss.value(), loss_before + 2 * loss_scale * sum,
                2 * test::elementary.of<T>() * std::max(scale, sum));
  }
}

TYPED_TEST(Likelihood, NormalDistributionsAreTheirFormula) {
  for (bool standardized : {false, true}) {
    for (bool shared : {false, true}) {
      for (std::int64_t cols : test::edge_sizes) check_gaussian<TypeParam>(9, cols, standardized, shared);
      check_gaussian<TypeParam>(65, 1009, standardized, shared);
      check_gaussian<TypeParam>(3, 9001, standardized, shared);  // a cell in two parts
    }
  }
}

TYPED_TEST(Likelihood, RowsAreAddedToTheirGroups) {
  using T = TypeParam;
  for (std::int64_t cols : test::edge_sizes) {
    for (const bool grouped : {false, true}) {
      Context context = test::test_context(2);
      const std::vector<std::int32_t> order{4, 0, 2, 2, 5, 1, 3}, groups{2, 0, 2, 1, 0, 2};
      const Matrix<double> values = test::random_matrix(7, cols, 1), before = test::random_matrix(3, cols, 2);
      Matrix<double> expected = before;
      for (std::int64_t i = 0; i < 7; ++i) {
        for (std::int64_t c = 0; c < cols; ++c) expected(grouped ? groups[order[i]] : 0, c) += values(i, c);
      }
      const DeviceMatrix<T> from(context, values), sums(context, before);
      const DeviceArray<std::int32_t> group_of(context, grouped ? groups : std::vector<std::int32_t>());
      const test::DeviceBatch rows(context, order);
      add_rows_by_group<T>(context, from, rows, group_of.span(), sums);
      test::expect_near(sums.to_host(), expected, test::few_roundings.of<T>(), 8);
    }
  }
}

/// More rows than a block holds at once; a single column is what a shared variance has.
TYPED_TEST(Likelihood, ManyRowsAreAddedToTheirGroups) {
  using T = TypeParam;
  constexpr std::int64_t count = 700, group_count = 5;
  std::vector<std::int32_t> order, groups;
  for (std::int32_t i = 0; i < count; ++i)
    order.push_back(i * 3 % count), groups.push_back(i * i % 7 % group_count);
  for (std::int64_t cols : {1, 6, 270}) {
    for (const bool grouped : {false, true}) {
      Context context = test::test_context(2);
      const Matrix<double> values = test::random_matrix(count, cols, 1);
      Matrix<double> expected(group_count, cols);
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t c = 0; c < cols; ++c) expected(grouped ? groups[order[i]] : 0, c) += values(i, c);
      }
      const DeviceMatrix<T> from(context, values), sums(context, Matrix<double>(group_count, cols));
      const DeviceArray<std::int32_t> group_of(context, grouped ? groups : std::vector<std::int32_t>());
      const test::DeviceBatch rows(context, order);
      add_rows_by_group<T>(context, from, rows, group_of.span(), sums);
      test::expect_near(sums.to_host(), expected, test::long_sums.of<T>(), 100);
    }
  }
}

/// As at the bound, and only the way back has a gradient.
TYPED_TEST(Likelihood, VariancesHaveBounds) {
  using T = TypeParam;
  Context context = test::test_context();
  // Beside each bound: a cell that would rather leave it and one that would return.
  const double lowest = std::log(lowest_variance), highest = std::log(highest_variance);
  const std::vector<double> log_variance{lowest - 1, lowest - 1, highest + 1, highest + 1};
  const double far = 3 * std::sqrt(highest_variance);
  Matrix<double> prediction(1, 4);
  prediction.values = {0, 0.01, 0, far};
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{0, 0, 0, 0}}));
  const test::DeviceBatch rows(context, std::vector<std::int32_t>{0});
  const DeviceMatrix<T> predicted(context, prediction), gradient(context, 1, 4), by_variance(context, 1, 4);
  const DeviceArray<T> variances(context, log_variance);
  const DeviceArray<double> loss(context, std::vector<double>{0}), cells(context, 1);
  gaussian_loss<T>(context, predicted, variances, x, rows, {}, {}, 1, 1, loss.data(), cells, gradient,
                   by_variance);
  const double half_squares = (1e-4 / lowest_variance + 9) / 2;
  EXPECT_NEAR(loss.value(), half_squares + lowest + highest + 2 * std::log(2 * std::numbers::pi),
              test::elementary.of<T>() * half_squares);
  test::expect_near(by_variance.to_host().values, {0, (1 - 1e-4 / lowest_variance) / 2, 0.5, 0},
                    test::elementary.of<T>(), 100);
  test::expect_near(gradient.to_host().values, {0, 0.01 / lowest_variance, 0, 3e-3}, test::elementary.of<T>(),
                    1e4);
}

TYPED_TEST(Likelihood, NothingAndWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1, 0}), no_rows(context, {});
  const DeviceMatrix<T> fits(context, 2, 3), high(context, 3, 3), gated(context, 2, 6), none(context, 0, 3),
      one(context, 1, 3), narrow(context, 1, 2);
  const DeviceArray<T> two(context, 2), three(context, 3), four(context, 4);
  const DeviceArray<std::int32_t> groups(context, std::vector<std::int32_t>{0});
  const DeviceArray<double> loss(context, std::vector<double>{loss_before}), of_cells(context, 1);
  const auto counts = [&](CountForm form, MatrixView<const T> outputs, const Dispersion<T>& dispersion,
                          std::span<const T> library, const test::DeviceBatch& batch, std::span<double> cells,
                          MatrixView<T> gradient, MatrixView<T> by_dispersion) {
    count_loss<T>(context, form, outputs, dispersion, library, x, batch, 1, 1, loss.data(), cells, gradient,
                  by_dispersion);
  };
  counts({}, none, {one, {}}, {}, no_rows, {}, none, none);
  EXPECT_EQ(loss.value(), loss_before);
  EXPECT_THROW(counts({}, high, {one, {}}, {}, rows, {}, {}, {}), InternalError);
  EXPECT_THROW(counts({.gate = true}, fits, {one, {}}, {}, rows, {}, {}, {}), InternalError);
  EXPECT_THROW(counts({}, fits, {narrow, {}}, {}, rows, {}, {}, {}), InternalError);
  EXPECT_THROW(counts({}, fits, {one, groups.span()}, {}, rows, {}, {}, {}), InternalError);
  EXPECT_THROW(counts({}, fits, {one, {}}, three, rows, {}, {}, {}), InternalError);
  EXPECT_THROW(counts({}, fits, {one, {}}, {}, rows, of_cells, {}, {}), InternalError);
  EXPECT_THROW(counts({}, fits, {one, {}}, {}, rows, {}, high, {}), InternalError);
  EXPECT_THROW(counts({.gate = true}, gated, {one, {}}, {}, rows, {}, gated, gated), InternalError);
  const auto normal = [&](MatrixView<const T> prediction, std::span<const T> variance,
                          std::span<double> cells, MatrixView<T> gradient) {
    gaussian_loss<T>(context, prediction, variance, x, rows, {}, {}, 1, 1, loss.data(), cells, gradient, {});
  };
  EXPECT_THROW(normal(high, three, {}, {}), InternalError);
  EXPECT_THROW(normal(fits, two, {}, {}), InternalError);
  EXPECT_THROW(normal(fits, three, of_cells, {}), InternalError);
  EXPECT_THROW(normal(fits, three, {}, high), InternalError);
  EXPECT_THROW(add_rows_by_group<T>(context, high, rows, {}, one), InternalError);
  EXPECT_THROW(add_rows_by_group<T>(context, fits, rows, {}, narrow), InternalError);
  EXPECT_EQ(loss.value(), loss_before);
}

}  // namespace
}  // namespace sparcell
