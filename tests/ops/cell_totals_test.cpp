// Totals of cells, against loops.
#include "sparcell/ops/cell_totals.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_test.h"

namespace sparcell::test {
namespace {

template <class T>
struct CellTotals : OpTest<T> {};
TYPED_TEST_SUITE(CellTotals, Scalars);

TYPED_TEST(CellTotals, GoBackFromLogarithms) {
  Context context = test_context(2);
  for (std::int64_t genes : edge_sizes) {
    Matrix<double> x(3, genes);
    double counted = 0, expressed = 0;
    for (std::int64_t g = 0; g < genes; ++g) {
      x(0, g) = std::log1p(static_cast<double>(g % 4));
      x(1, g) = -0.5;  // a linear output below 0 counted nothing, and is not zero
      x(2, g) = g % 2 == 0 ? 0.04 : 0.06;
      counted += static_cast<double>(g % 4);
      expressed += g % 4 > 0 ? 1 : 0;
    }
    const DeviceMatrix<TypeParam> cells(context, x);
    const DeviceArray<double> totals(context, 3), detected(context, 3);
    cell_totals<TypeParam>(context, cells, TypeParam(0.05), totals, detected);
    const std::vector<double> sums = totals.to_host(), counts = detected.to_host();
    EXPECT_NEAR(sums[0], counted, 1e-6 * counted) << genes;
    EXPECT_EQ(counts[0], expressed);
    EXPECT_EQ(sums[1], 0);
    EXPECT_EQ(counts[1], static_cast<double>(genes));
    EXPECT_EQ(counts[2], static_cast<double>(genes / 2));
  }
}

TYPED_TEST(CellTotals, NamesWhatDoesNotFit) {
  Context context = test_context();
  Matrix<TypeParam> x(3, 4);
  std::vector<double> three(3), two(2);
  EXPECT_THROW(cell_totals<TypeParam>(context, x.view(), TypeParam(1), three, two), InternalError);
  EXPECT_THROW(cell_totals<TypeParam>(context, x.view(), TypeParam(0), three, three), InternalError);
}

}  // namespace
}  // namespace sparcell::test
