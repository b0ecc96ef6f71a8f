#include "core/large_pages.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace sparcell {
namespace {

TEST(LargePages, AVectorIsResizedToZeros) {
  for (const std::size_t size : {0, 1, 1000, 5'000'000}) {
    std::vector<float> values;
    resize_in_large_pages(values, size);
    ASSERT_EQ(values.size(), size);
    EXPECT_TRUE(std::all_of(values.begin(), values.end(), [](float value) { return value == 0; }));
  }
}

// The wish is for whole pages inside the memory alone: what lies beside keeps its contents.
TEST(LargePages, WhatIsWrittenStays) {
  std::vector<std::byte> memory(std::size_t{9} << 20, std::byte{7});
  wish_large_pages(memory.data() + 5, memory.size() - 11);
  EXPECT_TRUE(std::all_of(memory.begin(), memory.end(), [](std::byte byte) { return byte == std::byte{7}; }));
}

}  // namespace
}  // namespace sparcell
