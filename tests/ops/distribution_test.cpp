// Sums over cells, against loops.
#include "sparcell/ops/distribution.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/guarded.h"

namespace sparcell {
namespace {

template <class T>
class Distribution : public testing::Test {};
using Scalars = testing::Types<float, double>;
TYPED_TEST_SUITE(Distribution, Scalars);

TYPED_TEST(Distribution, CountsZerosAndSumsDeviationsOverBlocks) {
  for (std::int64_t genes : {1, 31, 32, 33, 100}) {
    Matrix<TypeParam> x(6, genes);
    for (std::int64_t i = 0; i < x.view().size(); ++i)
      x.values[i] = static_cast<TypeParam>((i * 7 % 5 - 2) * 0.03125);
    const std::vector<double> shift(static_cast<std::size_t>(genes), 0.25);
    Context context({}, 2);
    test::Guarded<double> memory(distribution_moments_count * genes);
    const MatrixView<double> moments{memory.data(), distribution_moments_count, genes};
    for (std::int64_t m = 0; m < moments.rows; ++m) std::fill_n(moments.row(m), genes, 0.0);
    distribution_moments<TypeParam>(context, x.view().slice_rows(0, 2), shift, TypeParam(0.05), moments);
    distribution_moments<TypeParam>(context, x.view().slice_rows(2, 4), shift, TypeParam(0.05), moments);
    for (std::int64_t g = 0; g < genes; ++g) {
      double sum = 0, squares = 0, near = 0, zero = 0;
      for (std::int64_t r = 0; r < 6; ++r) {
        const double value = x(r, g);
        sum += value - 0.25;
        squares += (value - 0.25) * (value - 0.25);
        near += std::abs(value) < 0.05;
        zero += value == 0;
      }
      ASSERT_EQ(moments(0, g), sum);  // multiples of 1/32: exact
      ASSERT_EQ(moments(1, g), squares);
      ASSERT_EQ(moments(2, g), near);
      ASSERT_EQ(moments(3, g), zero);
    }
  }
}

TYPED_TEST(Distribution, TheThresholdItselfIsNotZero) {
  Context context;
  Matrix<TypeParam> x(3, 1);
  x.values = {TypeParam(0.5), TypeParam(-0.5), TypeParam(-0.49)};
  Matrix<double> moments(distribution_moments_count, 1);
  const std::vector<double> shift(1);
  distribution_moments<TypeParam>(context, x.view(), shift, TypeParam(0.5), moments.view());
  EXPECT_EQ(moments(2, 0), 1);
}

TYPED_TEST(Distribution, NamesWhatDoesNotFit) {
  Context context;
  Matrix<TypeParam> x(3, 4);
  Matrix<double> moments(distribution_moments_count, 4), few(1, 4);
  const std::vector<double> shift(4), short_shift(3);
  EXPECT_THROW(distribution_moments<TypeParam>(context, x.view(), short_shift, TypeParam(1), moments.view()),
               InternalError);
  EXPECT_THROW(distribution_moments<TypeParam>(context, x.view(), shift, TypeParam(0), moments.view()),
               InternalError);
  EXPECT_THROW(distribution_moments<TypeParam>(context, x.view(), shift, TypeParam(1), few.view()),
               InternalError);
}

}  // namespace
}  // namespace sparcell
