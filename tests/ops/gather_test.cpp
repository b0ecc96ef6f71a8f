#include "sparcell/ops/gather.h"

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct Gather : test::OpTest<T> {};
TYPED_TEST_SUITE(Gather, test::Scalars);

const std::vector<std::int32_t> order{3,  0, 41, 17, 17, 3,
                                      40, 1, 2,  29, 38, 12};  // 3, 17 and 38 are empty rows

template <class T>
Matrix<T> gathered(int threads, const Csr<double>& x, const std::vector<std::int32_t>& rows,
                   std::int64_t batch, std::int64_t stride, const std::vector<double>& mean,
                   const std::vector<double>& inverse_scale) {
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> cells(context, x);
  const test::DeviceBatch of(context, rows, batch, stride);
  const test::DeviceArray<T> shift(context, mean), factor(context, inverse_scale);
  const test::DeviceMatrix<T> out(context, BatchRows(of).count, x.cols);
  gather_dense<T>(context, cells, of, {shift, factor}, out);
  return out.to_host();
}

TYPED_TEST(Gather, IsTheRowsOfTheDenseMatrix) {
  for (std::int64_t cols : test::edge_sizes) {
    SCOPED_TRACE(cols);
    const auto x = test::random_counts<double>(42, cols, 0.3, 1);
    const Matrix<double> full = test::dense(x);
    for (std::int64_t batch : {0, 1, 2}) {
      const std::int64_t stride = 5, count = std::min<std::int64_t>(stride, 12 - batch * stride);
      const auto got = gathered<TypeParam>(1, x, order, batch, stride, {}, {});
      ASSERT_EQ(got.rows, count);
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t c = 0; c < cols; ++c) {
          ASSERT_EQ(got(i, c), static_cast<TypeParam>(full(order[batch * stride + i], c))) << i << ", " << c;
        }
      }
    }
  }
}

TYPED_TEST(Gather, StandardizesZerosToo) {
  const std::int64_t cols = 257;
  const auto x = test::random_counts<double>(42, cols, 0.3, 2);
  const auto mean = test::random_values(cols, 3), inverse_scale = test::random_values(cols, 4);
  Matrix<double> expected(12, cols);
  for (std::int64_t i = 0; i < 12; ++i) {
    for (std::int64_t c = 0; c < cols; ++c) {
      expected(i, c) = (test::dense(x)(order[i], c) - mean[c]) * inverse_scale[c];
    }
  }
  const auto got = gathered<TypeParam>(1, x, order, 0, 12, mean, inverse_scale);
  test::expect_near(got, expected, test::few_roundings.of<TypeParam>());
}

TYPED_TEST(Gather, EqualBitsForAnyThreads) {
  const auto x = test::random_counts<double>(300, 65, 0.3, 5);
  std::vector<std::int32_t> rows;
  for (int i = 0; i < 257; ++i) rows.push_back((i * 7) % 300);
  const auto mean = test::random_values(65, 6);
  EXPECT_EQ(gathered<TypeParam>(1, x, rows, 0, 257, mean, mean).values,
            gathered<TypeParam>(2, x, rows, 0, 257, mean, mean).values);
}

TYPED_TEST(Gather, WithoutABatchCounterTakesTheFirstRows) {
  Context context = test::test_context();
  const auto x = test::csr_of<double>({{1, 0}, {0, 2}});
  const test::DeviceCsr<TypeParam> cells(context, x);
  const test::DeviceArray<std::int32_t> rows(context, std::vector<std::int32_t>{1, 0});
  const test::DeviceMatrix<TypeParam> out(context, 1, 2);
  gather_dense<TypeParam>(context, cells, BatchRows{rows.data(), nullptr, 7, 1}, {}, out);
  EXPECT_EQ(out.to_host().values, (std::vector<TypeParam>{0, 2}));
}

TYPED_TEST(Gather, OfNoRowsIsNothing) {
  Context context = test::test_context();
  const test::DeviceCsr<TypeParam> cells(context, test::csr_of<double>({{1, 0}}));
  const test::DeviceMatrix<TypeParam> out(context, 0, 2);
  gather_dense<TypeParam>(context, cells, BatchRows{}, {}, out);
}

TYPED_TEST(Gather, RefusesWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceCsr<T> x(context, test::csr_of<double>({{1, 0, 2}, {0, 0, 1}}));
  const test::DeviceBatch rows(context, {1});
  const test::DeviceArray<T> three(context, 3), two(context, 2);
  const test::DeviceMatrix<T> out(context, 1, 3), narrow(context, 1, 2), high(context, 2, 3);
  EXPECT_THROW(gather_dense<T>(context, x, rows, {}, narrow), InternalError);
  EXPECT_THROW(gather_dense<T>(context, x, rows, {}, high), InternalError);
  EXPECT_THROW(gather_dense<T>(context, x, rows, {three, {}}, out), InternalError);
  EXPECT_THROW(gather_dense<T>(context, x, rows, {{}, three}, out), InternalError);
  EXPECT_THROW(gather_dense<T>(context, x, rows, {two, two}, out), InternalError);
}

}  // namespace
}  // namespace sparcell
