// Sums of rows by their groups: add_rows_by_group of ops/likelihood.h.
#include "sparcell/ops/likelihood.h"

#include "ops/op_test.h"

namespace sparcell {
namespace {

using test::DeviceArray;
using test::DeviceMatrix;

template <class T>
struct GroupSums : test::OpTest<T> {};
TYPED_TEST_SUITE(GroupSums, test::Scalars);

TYPED_TEST(GroupSums, AddRowsToTheirGroups) {
  using T = TypeParam;
  for (std::int64_t cols : test::edge_sizes) {
    for (const bool grouped : {false, true}) {
      Context context = test::test_context(2);
      const std::vector<std::int32_t> order{4, 0, 2, 2, 5, 1, 3}, groups{2, 0, 2, 1, 0, 2};
      const Matrix<double> values = test::random_matrix(7, cols, 1), before = test::random_matrix(3, cols, 2);
      Matrix<double> expected = before;
      for (std::int64_t i = 0; i < 7; ++i) {
        for (std::int64_t c = 0; c < cols; ++c) expected(grouped ? groups[order[i]] : 0, c) += values(i, c);
      }
      const DeviceMatrix<T> from(context, values), sums(context, before);
      const DeviceArray<std::int32_t> group_of(context, grouped ? groups : std::vector<std::int32_t>());
      const test::DeviceBatch rows(context, order);
      add_rows_by_group<T>(context, from, rows, group_of.span(), sums);
      test::expect_near(sums.to_host(), expected, test::few_roundings.of<T>(), 8);
    }
  }
}

/// More rows than a block holds at once; a single column is what a shared variance has.
TYPED_TEST(GroupSums, AddManyRowsToTheirGroups) {
  using T = TypeParam;
  constexpr std::int64_t count = 700, group_count = 5;
  std::vector<std::int32_t> order, groups;
  for (std::int32_t i = 0; i < count; ++i)
    order.push_back(i * 3 % count), groups.push_back(i * i % 7 % group_count);
  for (std::int64_t cols : {1, 6, 270}) {
    for (const bool grouped : {false, true}) {
      Context context = test::test_context(2);
      const Matrix<double> values = test::random_matrix(count, cols, 1);
      Matrix<double> expected(group_count, cols);
      for (std::int64_t i = 0; i < count; ++i) {
        for (std::int64_t c = 0; c < cols; ++c) expected(grouped ? groups[order[i]] : 0, c) += values(i, c);
      }
      const DeviceMatrix<T> from(context, values), sums(context, Matrix<double>(group_count, cols));
      const DeviceArray<std::int32_t> group_of(context, grouped ? groups : std::vector<std::int32_t>());
      const test::DeviceBatch rows(context, order);
      add_rows_by_group<T>(context, from, rows, group_of.span(), sums);
      test::expect_near(sums.to_host(), expected, test::long_sums.of<T>(), 100);
    }
  }
}

TYPED_TEST(GroupSums, RefuseWrongShapes) {
  using T = TypeParam;
  Context context = test::test_context();
  const test::DeviceBatch rows(context, {1, 0});
  const DeviceMatrix<T> fits(context, 2, 3), high(context, 3, 3), one(context, 1, 3), narrow(context, 1, 2);
  EXPECT_THROW(add_rows_by_group<T>(context, high, rows, {}, one), InternalError);
  EXPECT_THROW(add_rows_by_group<T>(context, fits, rows, {}, narrow), InternalError);
}

}  // namespace
}  // namespace sparcell
