#include "sparcell/ops/log_normalize.h"

#include "math/elementary.h"
#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct LogNormalize : test::OpTest<T> {
  // f32: 1 ulp of the scale, 1 of the product and 2e-7 of log1p; f64: rounding alone.
  static constexpr double tolerance = std::is_same_v<T, float> ? 4e-7 : 1e-14;
};
TYPED_TEST_SUITE(LogNormalize, test::Scalars);

template <class T>
std::vector<double> sums_of(Context& context, const Csr<T>& x) {
  const test::DeviceCsr<T> on_device(context, x);
  const test::DeviceArray<double> sums(context, x.rows);
  row_sums<T>(context, on_device, sums);
  return sums.to_host();
}

template <class T>
std::vector<T> normalized(Context& context, const Csr<T>& x, double target_sum, bool log1p) {
  const test::DeviceCsr<T> on_device(context, x);
  const test::DeviceArray<T> values(context, x.nonzeros());
  log_normalize<T>(context, on_device, target_sum, log1p, values);
  return values.to_host();
}

TYPED_TEST(LogNormalize, RowSumsAreTheSums) {
  for (int threads : {1, 2}) {
    Context context = test::test_context(threads);
    for (std::int64_t cols : {1, 31, 32, 33, 255, 256, 257, 1009, 3001}) {
      // The last: rows of more entries than a block of a GPU reads at once.
      const auto x = test::random_counts<TypeParam>(131, cols, cols > 3000 ? 0.9 : 0.3, 1);
      const Matrix<double> full = test::dense(x);
      const std::vector<double> sums = sums_of(context, x);
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
      Context context = test::test_context(threads);
      for (std::int64_t cols : {1, 31, 32, 33, 255, 256, 257, 1009}) {
        const auto counts = test::random_counts<TypeParam>(131, cols, 0.3, 2);
        const std::vector<TypeParam> values = normalized(context, counts, 1e4, log1p);
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
  Context context = test::test_context();
  const auto values = normalized(context, test::csr_of<TypeParam>({{1, 2, 9997}}), 1e-3, true);
  EXPECT_NEAR(values[0], std::log1p(1e-7), this->tolerance * 1e-7);
  EXPECT_NEAR(values[1], std::log1p(2e-7), this->tolerance * 2e-7);
}

TYPED_TEST(LogNormalize, EveryWidthOfTheLoopGivesTheBitsOfTheFormula) {
  Context context = test::test_context();
  // Rows beyond what a block of threads keeps in registers, and rows that begin at every place of a vector.
  for (std::int64_t cols : {1009, 5003}) {
    auto x = test::random_counts<TypeParam>(4, cols, 1, 9);
    const std::vector<TypeParam> values = normalized(context, x, 1e4, true);
    for (std::int64_t r = 0; r < x.rows; ++r) {
      double sum = 0;
      for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) sum += x.values[k];
      const auto scale = static_cast<TypeParam>(1e4 / sum);
      for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k)
        ASSERT_EQ(values[k], math::log1p(x.values[k] * scale)) << "entry " << k << ", " << cols << " columns";
    }
  }
}

TYPED_TEST(LogNormalize, RowsWithoutASumAboveZeroStay) {
  Context context = test::test_context();
  auto x = test::csr_of<TypeParam>({{0, 0, 0}, {1, -1, 0}, {0, 3, 1}});
  x.values.push_back(0);  // an explicit zero in a row of its own
  x.indices.push_back(2);
  x.offsets.push_back(x.offsets.back() + 1);
  x.rows = 4;
  EXPECT_EQ(normalized(context, x, 8, false), (std::vector<TypeParam>{1, -1, 6, 2, 0}));
}

TYPED_TEST(LogNormalize, ValuesMayBeReplacedInPlace) {
  Context context = test::test_context();
  auto x = test::random_counts<TypeParam>(37, 5003, 0.9, 4);
  std::fill(x.values.begin() + x.offsets[5], x.values.begin() + x.offsets[6], TypeParam(0));
  const std::vector<TypeParam> expected = normalized(context, x, 1e4, true);
  const test::DeviceCsr<TypeParam> on_device(context, x);
  CsrView<TypeParam> view = on_device;
  log_normalize<TypeParam>(context, view, 1e4, true, {view.values, x.values.size()});
  EXPECT_EQ(on_device.values(), expected);
}

TYPED_TEST(LogNormalize, EmptyMatricesAreNothing) {
  Context context = test::test_context();
  Csr<TypeParam> x;
  EXPECT_TRUE(sums_of(context, x).empty());
  EXPECT_TRUE(normalized(context, x, 1, true).empty());
  x.rows = 3;
  x.offsets.assign(4, 0);
  EXPECT_EQ(sums_of(context, x), std::vector<double>(3, 0.0));
  EXPECT_TRUE(normalized(context, x, 1, true).empty());
}

TYPED_TEST(LogNormalize, RefusesWrongShapesAndTargets) {
  Context context = test::test_context();
  const test::DeviceCsr<TypeParam> x(context, test::csr_of<TypeParam>({{1, 2}}));
  const test::DeviceArray<double> sums(context, 2);
  EXPECT_THROW(row_sums<TypeParam>(context, x, sums), InternalError);
  const test::DeviceArray<TypeParam> values(context, 3);
  const std::span<TypeParam> all = values;
  EXPECT_THROW(log_normalize<TypeParam>(context, x, 0, true, all.first(2)), InternalError);
  EXPECT_THROW(log_normalize<TypeParam>(context, x, INFINITY, true, all.first(2)), InternalError);
  EXPECT_THROW(log_normalize<TypeParam>(context, x, 1, true, all.subspan(1)), InternalError);
}

}  // namespace
}  // namespace sparcell
