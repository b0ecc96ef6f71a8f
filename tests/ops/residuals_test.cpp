// Sums of residuals, against loops in long double.
#include "sparcell/ops/residuals.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct Residuals : test::OpTest<T> {};
TYPED_TEST_SUITE(Residuals, test::Scalars);

/// Sums of numbers of either sign, in f64 and in any order, as a share of the sum of their magnitudes (at
/// most 257 of them): 16 roundings of 1e-16. Least and largest values are exact.
constexpr double sum_tolerance = 2e-15;

template <class T>
Matrix<T> values(std::int64_t rows, std::int64_t cols, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal(1, 2);
  Matrix<T> x(rows, cols);
  for (T& value : x.values) value = static_cast<T>(normal(generator));
  return x;
}

std::vector<double> start() {
  const double infinity = std::numeric_limits<double>::infinity();
  return {0, 0, 0, 0, 0, 0, 0, infinity, -infinity, infinity, -infinity};
}

/// The moments of a gene; in place of sums the sums of magnitudes where `magnitudes` says so.
template <class T>
std::vector<double> expected(const Matrix<T>& x, const Matrix<T>& y, MomentsOf moments_of, std::int64_t gene,
                             double shift, bool magnitudes = false) {
  const auto taken = [&](double v) { return moments_of == MomentsOf::values ? v : std::expm1(std::max(v, 0.0)); };
  std::vector<double> m = start();
  const auto of = [&](double v) { return magnitudes ? std::abs(v) : v; };
  for (std::int64_t r = 0; r < x.rows; ++r) {
    const double real = taken(x(r, gene)), guess = taken(y(r, gene));
    m[0] += (guess - real) * (guess - real);
    m[1] += std::abs(guess - real);
    m[2] += of(real - shift);
    m[3] += (real - shift) * (real - shift);
    m[4] += of(guess - shift);
    m[5] += (guess - shift) * (guess - shift);
    m[6] += of((real - shift) * (guess - shift));
    m[7] = std::min(m[7], real), m[8] = std::max(m[8], real);
    m[9] = std::min(m[9], guess), m[10] = std::max(m[10], guess);
  }
  return m;
}

template <class T>
void expect_sums(MomentsOf of, double tolerance, double extreme_tolerance) {
  for (const auto& [cells, genes] : {std::pair{9, 1}, {9, 31}, {70, 32}, {9, 33}, {33, 257}}) {
    const auto x = values<T>(cells, genes, 1), y = values<T>(cells, genes, 2);
    std::vector<double> shift;
    for (std::int64_t g = 0; g < genes; ++g) shift.push_back(0.01 * static_cast<double>(g));
    Matrix<double> before(residual_moments_count, genes);
    for (std::int64_t m = 0; m < before.rows; ++m) std::fill_n(before.view().row(m), genes, start()[m]);
    for (int threads : {1, 3}) {
      Context context = test::test_context(threads);
      const DeviceMatrix<T> on_x(context, x), on_y(context, y);
      const MatrixView<const T> all_x = on_x, all_y = on_y;
      const DeviceArray<double> shifts(context, shift);
      const DeviceMatrix<double> sums(context, before);
      for (const auto& [first, count] : {std::pair{0, 4}, {4, cells - 4}}) {
        residual_moments<T>(context, all_x.slice_rows(first, count), all_y.slice_rows(first, count), of, shifts,
                            sums);
      }
      const Matrix<double> moments = sums.to_host();
      for (std::int64_t g = 0; g < genes; ++g) {
        const auto exact = expected(x, y, of, g, shift[g]), scale = expected(x, y, of, g, shift[g], true);
        for (std::int64_t m = 0; m < moments.rows; ++m) {
          const bool is_sum = m < static_cast<std::int64_t>(ResidualMoment::real_low);
          ASSERT_NEAR(moments(m, g), exact[m], is_sum ? tolerance * scale[m] : extreme_tolerance * exact[m])
              << m << " of " << g;
        }
      }
    }
  }
}

TYPED_TEST(Residuals, PerGeneSumsAccumulateOverBlocks) {
  expect_sums<TypeParam>(MomentsOf::values, sum_tolerance, 0);
}

/// In f32 a value of e^v - 1 has a relative error of 3e-7, of which differences are made: their squares may err
/// by 1e-5 of the sum of squares of what they are made of, which that of differences here is not far below.
TYPED_TEST(Residuals, OfCountsValuesBelowZeroAreZero) {
  const bool single = std::is_same_v<TypeParam, float>;
  expect_sums<TypeParam>(MomentsOf::expm1, single ? 1e-5 : 1e-14, single ? 3e-7 : 1e-15);
}

template <class T>
std::vector<double> errors_of(const Matrix<T>& x, const Matrix<T>& y) {
  Context context = test::test_context(2);
  const DeviceMatrix<T> on_x(context, x), on_y(context, y);
  const DeviceArray<double> errors(context, x.rows);
  squared_errors<T>(context, on_x, on_y, errors);
  return errors.to_host();
}

TYPED_TEST(Residuals, PerCellErrorsAreSumsOverGenes) {
  for (std::int64_t cols : {0, 1, 15, 16, 17, 33, 1009}) {
    const auto x = values<TypeParam>(7, cols, 3), y = values<TypeParam>(7, cols, 4);
    const std::vector<double> errors = errors_of(x, y);
    for (std::int64_t r = 0; r < 7; ++r) {
      long double exact = 0;
      for (std::int64_t g = 0; g < cols; ++g) {
        const long double error = static_cast<long double>(y(r, g)) - x(r, g);
        exact += error * error;
      }
      ASSERT_NEAR(errors[r], static_cast<double>(exact), 1e-13 * static_cast<double>(exact));
    }
  }
}

TYPED_TEST(Residuals, AValueThatIsNotFiniteShowsInItsCell) {
  auto x = values<TypeParam>(3, 20, 5), y = x;
  y(1, 7) = std::numeric_limits<TypeParam>::infinity();
  const std::vector<double> errors = errors_of(x, y);
  EXPECT_EQ(errors[0], 0);
  EXPECT_FALSE(std::isfinite(errors[1]));
  EXPECT_EQ(errors[2], 0);
}

TYPED_TEST(Residuals, NamesWhatDoesNotFit) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> x(context, 3, 4), y(context, 3, 5);
  const DeviceMatrix<double> moments(context, residual_moments_count, 4), few(context, 3, 4);
  const DeviceArray<double> shift(context, 4), errors(context, 2);
  EXPECT_THROW(residual_moments<T>(context, x, y, MomentsOf::values, shift, moments), InternalError);
  EXPECT_THROW(residual_moments<T>(context, x, x, MomentsOf::values, shift, few), InternalError);
  EXPECT_THROW(squared_errors<T>(context, x, x, errors), InternalError);
}

}  // namespace
}  // namespace sparcell
