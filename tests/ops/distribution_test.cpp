// Sums over cells, against loops.
#include "sparcell/ops/distribution.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct Distribution : test::OpTest<T> {};
TYPED_TEST_SUITE(Distribution, test::Scalars);

TYPED_TEST(Distribution, CountsZerosAndSumsDeviationsOverBlocks) {
  for (const auto& [cells, genes] : {std::pair{6, 1}, {6, 31}, {70, 32}, {6, 33}, {33, 100}}) {
    SCOPED_TRACE(fmt::format("{} cells of {} genes", cells, genes));
    Matrix<TypeParam> x(cells, genes);
    for (std::int64_t i = 0; i < x.view().size(); ++i)
      x.values[i] = static_cast<TypeParam>((i * 7 % 5 - 2) * 0.03125);
    Context context = test::test_context(2);
    const DeviceMatrix<TypeParam> on_device(context, x);
    const DeviceArray<double> shift(context, std::vector<double>(static_cast<std::size_t>(genes), 0.25));
    const DeviceMatrix<double> sums(context, Matrix<double>(distribution_moments_count, genes));
    const MatrixView<const TypeParam> all = on_device;
    distribution_moments<TypeParam>(context, all.slice_rows(0, 2), shift, TypeParam(0.05), sums);
    distribution_moments<TypeParam>(context, all.slice_rows(2, cells - 2), shift, TypeParam(0.05), sums);
    const Matrix<double> moments = sums.to_host();
    for (std::int64_t g = 0; g < genes; ++g) {
      double sum = 0, squares = 0, near = 0, zero = 0;
      for (std::int64_t r = 0; r < cells; ++r) {
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
  Context context = test::test_context();
  Matrix<TypeParam> values(3, 1);
  values.values = {TypeParam(0.5), TypeParam(-0.5), TypeParam(-0.49)};
  const DeviceMatrix<TypeParam> x(context, values);
  const DeviceMatrix<double> moments(context, Matrix<double>(distribution_moments_count, 1));
  const DeviceArray<double> shift(context, std::vector<double>(1));
  distribution_moments<TypeParam>(context, x, shift, TypeParam(0.5), moments);
  EXPECT_EQ(moments.to_host()(2, 0), 1);
}

TYPED_TEST(Distribution, NamesWhatDoesNotFit) {
  using T = TypeParam;
  Context context = test::test_context();
  const DeviceMatrix<T> x(context, 3, 4);
  const DeviceMatrix<double> moments(context, distribution_moments_count, 4), few(context, 1, 4);
  const DeviceArray<double> shift(context, 4), short_shift(context, 3);
  EXPECT_THROW(distribution_moments<T>(context, x, short_shift, T(1), moments), InternalError);
  EXPECT_THROW(distribution_moments<T>(context, x, shift, T(0), moments), InternalError);
  EXPECT_THROW(distribution_moments<T>(context, x, shift, T(1), few), InternalError);
}

}  // namespace
}  // namespace sparcell
