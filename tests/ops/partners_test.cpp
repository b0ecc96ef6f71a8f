#include "sparcell/ops/partners.h"

#include "math/philox.h"
#include "ops/op_test.h"

namespace sparcell {
namespace {

template <class T>
struct Partners : test::OpTest<T> {};
TYPED_TEST_SUITE(Partners, test::Scalars);

const RandomStream draws(9, Purpose::augmentation, 2);

/// Rows 1000, 1001 ... in batches of `stride`; partners are 0 ... partners - 1.
template <class T>
std::vector<std::int32_t> drawn(std::int64_t rows, std::int64_t partners, double share,
                                std::int64_t batch = 0, std::int64_t stride = 0) {
  Context context = test::test_context();
  std::vector<std::int32_t> order(static_cast<std::size_t>(rows)), others(static_cast<std::size_t>(partners));
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::int32_t>(1000 + i);
  for (std::size_t i = 0; i < others.size(); ++i) others[i] = static_cast<std::int32_t>(i);
  const test::DeviceBatch of(context, order, batch, stride == 0 ? rows : stride);
  const test::DeviceArray<std::int32_t> from(context, others);
  const test::DeviceArray<std::int32_t> out(context, BatchRows(of).count);
  draw_partners<T>(context, of, from, share, draws, out);
  return out.to_host();
}

TYPED_TEST(Partners, FollowTheirDefinition) {
  const math::PhiloxStream stream(draws);
  for (std::int64_t rows : test::edge_sizes) {
    SCOPED_TRACE(rows);
    const auto got = drawn<TypeParam>(rows, 7, 0.4);
    ASSERT_EQ(std::ssize(got), rows);
    for (std::int64_t i = 0; i < rows; ++i) {
      const double u = math::uniform<double>(stream.word(static_cast<std::uint64_t>(i)));
      const auto expected =
          u < 0.4 ? static_cast<std::int32_t>(7 * (u / 0.4)) : static_cast<std::int32_t>(1000 + i);
      ASSERT_EQ(got[static_cast<std::size_t>(i)], expected) << i;
    }
  }
}

TYPED_TEST(Partners, AreDrawnAsOftenAsSaidAndEvenly) {
  const std::int64_t rows = 4000;
  const auto got = drawn<TypeParam>(rows, 4, 0.3);
  std::vector<double> counts(4);
  double replaced = 0;
  for (const std::int32_t row : got) {
    if (row >= 1000) continue;
    ASSERT_LT(row, 4);
    ++counts[static_cast<std::size_t>(row)];
    ++replaced;
  }
  EXPECT_NEAR(replaced / rows, 0.3, 4 * std::sqrt(0.3 * 0.7 / rows));  // four deviations
  for (const double count : counts)
    EXPECT_NEAR(count / replaced, 0.25, 4 * std::sqrt(0.25 * 0.75 / replaced));
}

TYPED_TEST(Partners, OfAllCellsAndOfNone) {
  for (const std::int32_t row : drawn<TypeParam>(257, 3, 1)) EXPECT_LT(row, 3);
  const auto same = drawn<TypeParam>(10, 0, 0, 1, 6);  // the second batch, of four rows
  EXPECT_EQ(same, (std::vector<std::int32_t>{1006, 1007, 1008, 1009}));
  EXPECT_TRUE(drawn<TypeParam>(0, 0, 0).empty());
}

TYPED_TEST(Partners, RefuseWrongShapes) {
  Context context = test::test_context();
  const test::DeviceBatch rows(context, {1, 2});
  const test::DeviceArray<std::int32_t> one(context, 1), two(context, 2);
  EXPECT_NO_THROW(draw_partners<TypeParam>(context, rows, one, 1, draws, two));
  EXPECT_THROW(draw_partners<TypeParam>(context, rows, one, 1.5, draws, two), InternalError);
  EXPECT_THROW(draw_partners<TypeParam>(context, rows, {}, 0.5, draws, two), InternalError);
  EXPECT_THROW(draw_partners<TypeParam>(context, rows, one, 1, draws, one), InternalError);
}

}  // namespace
}  // namespace sparcell
