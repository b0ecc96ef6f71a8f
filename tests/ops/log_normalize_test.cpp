#include "sparcell/ops/log_normalize.h"

#include <gtest/gtest.h>

#include <cmath>

#include "math/elementary.h"
#include "support/guarded.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct LogNormalize : testing::Test {
  // f32: 1 ulp of the scale, 1 of the product and 2e-7 of log1p; f64: rounding alone.
  static constexpr double tolerance = std::is_same_v<T, float> ? 4e-7 : 1e-14;
};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(LogNormalize, Scalars);

TYPED_TEST(LogNormalize, RowSumsAreTheSums) {
  for (int threads : {1, 2}) {
    Context context({}, threads);
    for (std::int64_t cols : {1, 31, 32, 33, 255, 256, 257, 1009}) {
      const auto x = test::random_counts<TypeParam>(131, cols, 0.3, 1);
      const Matrix<double> full = test::dense(x);
      test::Guarded<double> sums(x.rows);
      row_sums<TypeParam>(context, x.view(), sums.span());
      for (std::int64_t r = 0; r < x.rows; ++r) {
        double expected = 0;
        for (std::int64_t c = 0; c < cols; ++c) expected += full(r, c);
        ASSERT_EQ(sums[r], expected) << "row " << r << ", " << cols << " columns, " << threads << " threads";
      }
    }
  }
}

TYPED_TEST(LogNormalize, ScalesEveryRowAndTakesTheLogarithm) {
  for (int threads : {1, 2}) {
    for (bool log1p : {false, true}) {
      Context context({}, threads);
      for (std::int64_t cols : {1, 31, 32, 33, 255, 256, 257, 1009}) {
        const auto counts = test::random_counts<TypeParam>(131, cols, 0.3, 2);
        test::Guarded<TypeParam> values(counts.nonzeros());
        std::copy(counts.values.begin(), counts.values.end(), values.data());
        CsrView<TypeParam> view{counts.rows, counts.cols, counts.offsets.data(), counts.indices.data(),
                                values.data()};
        log_normalize<TypeParam>(context, view, 1e4, log1p);
        for (std::int64_t r = 0; r < counts.rows; ++r) {
          double sum = 0;
          for (std::int64_t k = counts.offsets[r]; k < counts.offsets[r + 1]; ++k) sum += counts.values[k];
          for (std::int64_t k = counts.offsets[r]; k < counts.offsets[r + 1]; ++k) {
            const double scaled = counts.values[k] * (1e4 / sum);
            const double expected = log1p ? std::log1p(scaled) : scaled;
            ASSERT_NEAR(values[k], expected, this->tolerance * expected)
                << "row " << r << " of " << cols << " columns";
          }
        }
      }
    }
  }
}

TYPED_TEST(LogNormalize, SmallValuesKeepTheirDigits) {
  Context context;
  auto x = test::csr_of<TypeParam>({{1, 2, 9997}});
  log_normalize<TypeParam>(context, x.view(), 1e-3, true);
  EXPECT_NEAR(x.values[0], std::log1p(1e-7), this->tolerance * 1e-7);
  EXPECT_NEAR(x.values[1], std::log1p(2e-7), this->tolerance * 2e-7);
}

TYPED_TEST(LogNormalize, EveryWidthOfTheLoopGivesTheBitsOfTheFormula) {
  Context context;
  auto x = test::random_counts<TypeParam>(1, 1009, 1, 9);
  const std::vector<TypeParam> counts = x.values;
  double sum = 0;
  for (TypeParam v : counts) sum += v;
  log_normalize<TypeParam>(context, x.view(), 1e4, true);
  const auto scale = static_cast<TypeParam>(1e4 / sum);
  for (std::size_t k = 0; k < counts.size(); ++k) ASSERT_EQ(x.values[k], math::log1p(counts[k] * scale)) << k;
}

TYPED_TEST(LogNormalize, RowsWithoutASumAboveZeroStay) {
  Context context;
  auto x = test::csr_of<TypeParam>({{0, 0, 0}, {1, -1, 0}, {0, 3, 1}});
  x.values.push_back(0);  // an explicit zero in a row of its own
  x.indices.push_back(2);
  x.offsets.push_back(x.offsets.back() + 1);
  x.rows = 4;
  log_normalize<TypeParam>(context, x.view(), 8, false);
  EXPECT_EQ(x.values, (std::vector<TypeParam>{1, -1, 6, 2, 0}));
}

TYPED_TEST(LogNormalize, EmptyMatricesAreNothing) {
  Context context;
  Csr<TypeParam> x;
  row_sums<TypeParam>(context, x.view(), {});
  log_normalize<TypeParam>(context, x.view(), 1, true);
  x.rows = 3;
  x.offsets.assign(4, 0);
  test::Guarded<double> sums(3);
  row_sums<TypeParam>(context, x.view(), sums.span());
  EXPECT_EQ(std::vector<double>(sums.span().begin(), sums.span().end()), std::vector<double>(3, 0.0));
}

TYPED_TEST(LogNormalize, RefusesWrongShapesAndTargets) {
  Context context;
  auto x = test::csr_of<TypeParam>({{1, 2}});
  std::vector<double> sums(2);
  EXPECT_THROW(row_sums<TypeParam>(context, x.view(), sums), InternalError);
  EXPECT_THROW(log_normalize<TypeParam>(context, x.view(), 0, true), InternalError);
  EXPECT_THROW(log_normalize<TypeParam>(context, x.view(), INFINITY, true), InternalError);
}

}  // namespace
}  // namespace sparcell
