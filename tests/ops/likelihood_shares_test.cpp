// Counts whose rates are shares of a library: softmax and likelihood in one.
#include <algorithm>
#include <numeric>

#include "ops/count_problem.h"

namespace sparcell {
namespace {

using test::CountProblem, test::CountsOnDevice, test::DeviceMatrix, test::gradient_scale, test::loss_before,
    test::loss_scale;

template <class T>
struct LikelihoodOfShares : test::OpTest<T> {};
TYPED_TEST_SUITE(LikelihoodOfShares, test::Scalars);

constexpr double total = 2500;
/// As those of log rates (likelihood_test.cpp), which are logarithms of sums here.
constexpr test::Tolerance entries{6e-6, 1e-13};

/// The same with log rates for outputs: logarithms of what log_shares.h defines, the largest logit taken out.
CountProblem with_log_rates(CountProblem problem) {
  for (std::int64_t i = 0; i < problem.outputs.rows; ++i) {
    double* const x = problem.outputs.view().row(i);
    const double largest = std::max(0.0, *std::max_element(x, x + problem.x.cols));
    long double sum = std::exp(static_cast<long double>(-largest));
    for (std::int64_t g = 0; g < problem.x.cols; ++g)
      sum += std::exp(static_cast<long double>(x[g] - largest));
    for (std::int64_t g = 0; g < problem.x.cols; ++g)
      x[g] += static_cast<double>(std::log(total) - largest - std::log(sum));
  }
  return problem;
}

/// Of every cell by the closed form.
std::vector<double> losses_of(const CountProblem& problem) {
  const CountProblem rates = with_log_rates(problem);
  const Matrix<double> counts = test::dense(rates.x);
  std::vector<double> losses;
  for (std::int64_t i = 0; i < rates.outputs.rows; ++i)
    losses.push_back(static_cast<double>(rates.loss_of(i, counts)));
  return losses;
}
double sum_of(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

template <class T>
void check_losses(const CountProblem& problem) {
  SCOPED_TRACE(fmt::format("{} x {}, gate {}, library {}", problem.outputs.rows, problem.x.cols,
                           problem.form.gate, problem.form.library));
  const std::vector<double> expected = losses_of(problem);
  const double sum = sum_of(expected);
  CountsOnDevice<T> of_one;
  for (int threads : {1, 2}) {
    const CountsOnDevice<T> got = test::on_device<T>(problem, threads, true, total);
    test::expect_near(got.cell_losses, expected, entries.of<T>(), 10);
    EXPECT_NEAR(got.loss, loss_before + loss_scale * sum, entries.of<T>() * std::max(10.0, sum));
    const CountsOnDevice<T> without = test::on_device<T>(problem, threads, false, total);
    EXPECT_EQ(without.loss, got.loss);
    EXPECT_EQ(without.cell_losses, got.cell_losses);
    if (threads == 1) of_one = got;
    EXPECT_EQ(got.gradient.values, of_one.gradient.values);
    EXPECT_EQ(got.by_log_dispersion.values, of_one.by_log_dispersion.values);
  }
}

TYPED_TEST(LikelihoodOfShares, IsTheClosedForm) {
  for (const CountForm form : test::count_forms) {
    for (std::int64_t genes : test::edge_sizes)
      check_losses<TypeParam>(CountProblem(9, genes, form, 1, true));
    for (std::int64_t rows : test::edge_sizes) check_losses<TypeParam>(CountProblem(rows, 9, form, 3, false));
    check_losses<TypeParam>(CountProblem(65, 1009, form, 1, true));
  }
}

TYPED_TEST(LikelihoodOfShares, OfLogitsWhoseExponentialsOverflow) {
  for (const double most : {90.0, 800.0, -800.0}) {
    CountProblem problem(5, 67, {}, 1, true);
    for (std::int64_t i = 0; i < 5; ++i) problem.outputs(i, 11 * i) = most;
    check_losses<TypeParam>(problem);
  }
}

TYPED_TEST(LikelihoodOfShares, OfALibraryThatIsTooLarge) {
  using T = TypeParam;
  CountProblem problem(2, 33, {.library = true}, 1, false);
  problem.outputs(0, 33) = problem.outputs(1, 33) = 1000;  // every mean is at its bound
  problem.outputs(1, 4) = -2000;
  const CountsOnDevice<T> got = test::on_device<T>(problem, 1, true, total);
  test::expect_near(got.cell_losses, losses_of(problem), entries.of<T>(), 10);
  for (const T slope : got.gradient.values) EXPECT_EQ(slope, T(0));
}

TYPED_TEST(LikelihoodOfShares, GradientsAreCentralDifferences) {
  using T = TypeParam;
  for (const CountForm form : test::count_forms) {
    SCOPED_TRACE(fmt::format("gate {}, library {}", form.gate, form.library));
    CountProblem problem(5, 33, form, 2, true);
    problem.log_dispersion(0, 5) = -11;  // beyond the bounds of dispersions
    const auto loss = [&] { return gradient_scale * sum_of(losses_of(problem)); };
    const CountsOnDevice<T> got = test::on_device<T>(problem, 1, true, total);
    Matrix<double> expected(5, problem.outputs.cols);
    expected.values = test::central_differences(problem.outputs.values, loss, 1e-5);
    constexpr test::Tolerance differences{1e-5, 1e-7};
    test::expect_near(got.gradient, expected, differences.of<T>(), test::scale_of(expected.values));
    Matrix<double> of_groups(2, 33), sums(2, 33);
    of_groups.values = test::central_differences(problem.log_dispersion.values, loss, 1e-5);
    for (std::int64_t i = 0; i < 5; ++i) {
      for (std::int64_t g = 0; g < 33; ++g) sums(problem.group(i), g) += got.by_log_dispersion(i, g);
    }
    test::expect_near(sums, of_groups, differences.of<T>(), test::scale_of(of_groups.values));
  }
}

TYPED_TEST(LikelihoodOfShares, OfNothingAndOfWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1, 0}), no_rows(context, {});
  const DeviceMatrix<T> fits(context, 2, 3), high(context, 3, 3), none(context, 0, 3), one(context, 1, 3);
  const test::DeviceArray<double> loss(context, std::vector<double>{loss_before});
  const auto counts = [&](double of, MatrixView<T> outputs, const test::DeviceBatch& batch,
                          MatrixView<T> gradient) {
    count_loss_of_shares<T>(context, of, {}, outputs, {one, {}}, {}, x, batch, {.sum = loss.data()},
                            {.gradient = gradient});
  };
  counts(1, none, no_rows, none);
  EXPECT_EQ(loss.value(), loss_before);
  EXPECT_THROW(counts(0, fits, rows, {}), InternalError);
  EXPECT_THROW(counts(1, high, rows, {}), InternalError);
  EXPECT_THROW(counts(1, fits, rows, high), InternalError);
  EXPECT_EQ(loss.value(), loss_before);
}

}  // namespace
}  // namespace sparcell
