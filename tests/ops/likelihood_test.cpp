#include "sparcell/ops/likelihood.h"

#include <fstream>
#include <nlohmann/json.hpp>

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
                {loss_scale, gradient_scale, loss.data()},
                {.cell_losses = cell_losses,
                 .gradient = with_gradient ? gradient.view() : MatrixView<T>(),
                 .by_shared = with_gradient ? by_log_dispersion.view() : MatrixView<T>()});
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

TYPED_TEST(Likelihood, CountsOfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1, 0}), no_rows(context, {});
  const DeviceMatrix<T> fits(context, 2, 3), high(context, 3, 3), gated(context, 2, 6), none(context, 0, 3),
      one(context, 1, 3), narrow(context, 1, 2);
  const DeviceArray<T> three(context, 3);
  const DeviceArray<std::int32_t> groups(context, std::vector<std::int32_t>{0});
  const DeviceArray<double> loss(context, std::vector<double>{loss_before}), of_cells(context, 1);
  const auto counts = [&](CountForm form, MatrixView<const T> outputs, const Dispersion<T>& dispersion,
                          std::span<const T> library, const test::DeviceBatch& batch, std::span<double> cells,
                          MatrixView<T> gradient, MatrixView<T> by_dispersion) {
    count_loss<T>(context, form, outputs, dispersion, library, x, batch, {.sum = loss.data()},
                  {cells, gradient, by_dispersion});
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
  EXPECT_EQ(loss.value(), loss_before);
}

}  // namespace
}  // namespace sparcell
