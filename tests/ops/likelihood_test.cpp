#include "sparcell/ops/likelihood.h"

#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "ops/count_problem.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix, test::gradient_scale, test::loss_before, test::loss_scale, test::on_device;
using Problem = test::CountProblem;
template <class T>
using OnDevice = test::CountsOnDevice<T>;

template <class T>
struct Likelihood : test::OpTest<T> {};
TYPED_TEST_SUITE(Likelihood, test::Scalars);

/// Losses and derivatives of f32: logarithms and exponentials of log means up to 7, and their differences.
constexpr test::Tolerance entries{4e-6, 1e-13};

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

TYPED_TEST(Likelihood, CountsAreTheClosedForm) {
  for (const CountForm form : test::count_forms) {
    for (std::int64_t genes : test::edge_sizes) check_losses<TypeParam>(Problem(9, genes, form, 1, true));
    for (std::int64_t rows : test::edge_sizes) check_losses<TypeParam>(Problem(rows, 9, form, 3, false));
    check_losses<TypeParam>(Problem(65, 1009, form, 1, true));
  }
}

TYPED_TEST(Likelihood, GradientsOfCountsAreCentralDifferences) {
  using T = TypeParam;
  for (const CountForm form : test::count_forms) {
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

/// Cells of one count each, with every combination of these.
struct Grid {
  std::vector<double> counts, means, dispersions;
};

/// The losses and derivatives of counts on both sides of where their formulas change.
template <class T>
void check_counts(const Grid& grid) {
  Problem problem(1, 1, {}, 1, false);
  std::vector<std::vector<double>> cells;
  std::vector<double> log_means, log_dispersions;
  for (const double c : grid.counts) {
    for (const double m : grid.means) {
      for (const double t : grid.dispersions) {
        cells.push_back({c});
        log_means.push_back(std::log(m));
        log_dispersions.push_back(std::log(t));
      }
    }
  }
  const auto size = static_cast<std::int64_t>(cells.size());
  problem.x = test::csr_of<double>(cells);
  problem.order.resize(cells.size());
  std::iota(problem.order.begin(), problem.order.end(), 0);
  problem.group_of = problem.order;
  problem.outputs = problem.log_dispersion = Matrix<double>(size, 1);
  problem.outputs.values = log_means;
  problem.log_dispersion.values = log_dispersions;
  const OnDevice<T> got = on_device<T>(problem, 1);
  const Matrix<double> counts = test::dense(problem.x);
  for (std::int64_t i = 0; i < size; ++i) {
    const long double c = counts(i, 0), m = std::exp(static_cast<long double>(log_means[i])),
                      t = std::exp(static_cast<long double>(log_dispersions[i]));
    SCOPED_TRACE(fmt::format("count {}, mean {}, dispersion {}", static_cast<double>(c),
                             static_cast<double>(m), static_cast<double>(t)));
    const long double weight = t / (t + m), zero = t * std::log1p(m / t);
    long double digammas = 0;
    for (long double j = 0; j < c; ++j) digammas += 1 / (t + j);
    // Of what the parts are: they cancel.
    const long double loss = problem.loss_of(i, counts);
    const double scale = std::max({1.0L, loss, zero, c * std::abs(std::log(m * weight))});
    EXPECT_NEAR(got.cell_losses[i], static_cast<double>(loss), entries.of<T>() * scale);
    EXPECT_NEAR(got.gradient(i, 0), gradient_scale * static_cast<double>((m - c) * weight),
                entries.of<T>() * std::max(1.0, static_cast<double>(m + c)));
    EXPECT_NEAR(got.by_log_dispersion(i, 0),
                gradient_scale * static_cast<double>(zero - m * weight + t * (c / (t + m) - digammas)),
                entries.of<T>() * scale);
  }
}

TYPED_TEST(Likelihood, CountsOfEverySizeAreTheClosedForm) {
  Grid grid{{}, {2e-5, 0.03, 1, 9, 700, 9e5}, {1.5e-4, 0.02, 1, 40, 9e3}};
  for (double c = 1; c < 20; ++c) grid.counts.push_back(c);
  for (const double c : {40, 500}) grid.counts.push_back(c);
  check_counts<TypeParam>(grid);
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
