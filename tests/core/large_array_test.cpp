#include "sparcell/core/large_array.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <numeric>

namespace sparcell {
namespace {

TEST(LargeArray, KeepsWhatIsWrittenAtEverySize) {
  for (const std::size_t size : {0, 1, 1000, 5'000'000}) {  // the last: in large pages
    LargeArray<float> values(size);
    std::iota(values.begin(), values.end(), 0.0f);
    values.resize(size + 3);  // moves
    for (std::size_t i = 0; i < size; i += 997) ASSERT_EQ(values[i], static_cast<float>(i));
    EXPECT_EQ(values.size(), size + 3);
  }
}

TEST(LargeArray, ElementsWithAValueHaveIt) {
  EXPECT_EQ(LargeArray<std::int32_t>(4, 7), (std::vector<std::int32_t>{7, 7, 7, 7}));
  LargeArray<std::int32_t> values{1, 2};
  values.push_back(3);
  EXPECT_EQ(values, (std::vector<std::int32_t>{1, 2, 3}));
  EXPECT_EQ(large_array(std::vector<std::int32_t>{1, 2, 3}), values);
  EXPECT_FALSE(values == (std::vector<std::int32_t>{1, 2}));
}

TEST(LargeArray, BeginsWhereVectorLoadsMay) {
  for (const std::size_t size : {1, 5'000'000}) {
    const LargeArray<float> values(size);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(values.data()) % 64, 0U);
  }
}

TEST(LargeArray, MemoryThatIsNotThereIsSaid) {
  EXPECT_THROW(LargeArray<double>(std::size_t{1} << 59), std::bad_alloc);
}

}  // namespace
}  // namespace sparcell
