#include "sparcell/ops/correlation.h"

#include <gtest/gtest.h>

#include <cmath>

#include "ops/op_test.h"

namespace sparcell::test {
namespace {

template <class T>
struct Correlation : OpTest<T> {};
TYPED_TEST_SUITE(Correlation, Scalars);

TYPED_TEST(Correlation, ProductsOfStandardizedRowsArePearsons) {
  Context context = test_context(2);
  for (std::int64_t cols : {2, 7, 8, 9, 255, 256, 257, 1009}) {
    Matrix<double> rows = random_matrix(4, cols, 3);
    for (std::int64_t c = 0; c < cols; ++c) {
      rows(1, c) = 8192 + rows(0, c) / 64;  // far from 0: a difference of squares would lose it
      rows(2, c) = 3;                      // constant
    }
    const DeviceMatrix<TypeParam> values(context, rows);
    standardize_rows<TypeParam>(context, values);
    const auto got = values.to_host();
    for (std::int64_t c = 0; c < cols; ++c) EXPECT_EQ(got(2, c), TypeParam(0));
    for (int r : {0, 1, 3}) {
      double mean = 0, squares = 0;
      for (std::int64_t c = 0; c < cols; ++c)
        mean += static_cast<double>(static_cast<TypeParam>(rows(r, c))) / static_cast<double>(cols);
      for (std::int64_t c = 0; c < cols; ++c) {
        const double d = static_cast<double>(static_cast<TypeParam>(rows(r, c))) - mean;
        squares += d * d;
      }
      for (std::int64_t c = 0; c < cols; ++c) {
        const double expected =
            (static_cast<double>(static_cast<TypeParam>(rows(r, c))) - mean) / std::sqrt(squares);
        // What rounding of the mean leaves: 8192 has roundings of 1e-12 in f64, against deviations of 1/64.
        ASSERT_NEAR(got(r, c), expected, few_roundings.of<TypeParam>() + 1e-9) << cols << ", row " << r;
      }
    }
  }
}

}  // namespace
}  // namespace sparcell::test
