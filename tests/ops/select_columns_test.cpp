#include "sparcell/ops/select_columns.h"

#include "ops/op_test.h"
#include "support/sparse.h"

namespace sparcell {
namespace {

template <class T>
struct SelectColumns : test::OpTest<T> {};
TYPED_TEST_SUITE(SelectColumns, test::Scalars);

/// Keeps the columns for which keep(c) holds, and compares with the dense matrix.
template <class T, class Keep>
void check(const Csr<T>& x, int threads, Keep keep) {
  std::vector<std::int32_t> map(static_cast<std::size_t>(x.cols), -1);
  std::vector<std::int64_t> kept;
  for (std::int64_t c = 0; c < x.cols; ++c) {
    if (!keep(c)) continue;
    map[c] = static_cast<std::int32_t>(kept.size());
    kept.push_back(c);
  }
  Context context = test::test_context(threads);
  const test::DeviceCsr<T> on_device(context, x);
  const test::DeviceArray<std::int32_t> map_on_device(context, map);
  const test::DeviceArray<std::int64_t> offsets_on_device(context, x.rows + 1);
  selected_offsets<T>(context, on_device, map_on_device, offsets_on_device);
  const std::vector<std::int64_t> offsets = offsets_on_device.to_host();
  const test::DeviceArray<std::int32_t> indices_on_device(context, offsets[x.rows]);
  const test::DeviceArray<T> values_on_device(context, offsets[x.rows]);
  select_columns<T>(context, on_device, map_on_device, offsets_on_device, indices_on_device,
                    values_on_device);
  const std::vector<std::int32_t> indices = indices_on_device.to_host();
  const std::vector<T> values = values_on_device.to_host();

  const Matrix<double> full = test::dense(x);
  std::int64_t k = 0;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    ASSERT_EQ(offsets[r], k) << "row " << r;
    for (std::size_t j = 0; j < kept.size(); ++j) {
      if (full(r, kept[j]) == 0) continue;
      ASSERT_EQ(indices[k], static_cast<std::int32_t>(j)) << "row " << r;
      ASSERT_EQ(values[k], static_cast<T>(full(r, kept[j]))) << "row " << r;
      ++k;
    }
  }
  ASSERT_EQ(offsets[x.rows], k);
}

TYPED_TEST(SelectColumns, KeepsEntriesInOrder) {
  for (int threads : {1, 2}) {
    for (std::int64_t cols : {1, 31, 32, 33, 255, 256, 257, 1009}) {
      const auto x = test::random_counts<TypeParam>(150, cols, 0.3, 8);
      check(x, threads, [](std::int64_t c) { return c % 3 != 1; });
      check(x, threads, [](std::int64_t) { return true; });
      check(x, threads, [](std::int64_t) { return false; });
      check(x, threads, [&](std::int64_t c) { return c == cols - 1; });
    }
  }
}

TYPED_TEST(SelectColumns, AMatrixWithoutRows) {
  Csr<TypeParam> x;
  x.cols = 4;
  check(x, 2, [](std::int64_t) { return true; });
}

TYPED_TEST(SelectColumns, RefusesWrongShapes) {
  Context context = test::test_context();
  const test::DeviceCsr<TypeParam> x(context, test::csr_of<TypeParam>({{1, 2, 3}}));
  const test::DeviceArray<std::int32_t> map(context, std::vector<std::int32_t>{0, 1, 2}),
      short_map(context, std::vector<std::int32_t>{0, 1}), indices(context, 3);
  const test::DeviceArray<std::int64_t> offsets(context, 2), long_offsets(context, 3);
  const test::DeviceArray<TypeParam> values(context, 2);
  EXPECT_THROW(selected_offsets<TypeParam>(context, x, short_map, offsets), InternalError);
  EXPECT_THROW(selected_offsets<TypeParam>(context, x, map, long_offsets), InternalError);
  EXPECT_THROW(select_columns<TypeParam>(context, x, map, offsets, indices, values), InternalError);
}

}  // namespace
}  // namespace sparcell
