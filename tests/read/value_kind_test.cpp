// What the values of a matrix are, wherever the one stands that decides it: the search runs over vectors of
// values and in threads.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "read/choose_matrix.h"

namespace sparcell {
namespace {

void expect_kind(const std::vector<float>& values, const ValueKind& expected) {
  for (const int threads : {1, 3}) {
    const ValueKind kind = kind_of(values, threads);
    EXPECT_EQ(kind.finite, expected.finite);
    EXPECT_EQ(kind.negative, expected.negative);
    EXPECT_EQ(kind.integers, expected.integers);
    EXPECT_EQ(kind.largest, expected.largest);
  }
}

void expect_one_among(std::size_t size, std::size_t place) {
  constexpr float infinite = std::numeric_limits<float>::infinity();
  std::vector<float> values(size, 1);
  const auto check = [&](float value, const ValueKind& expected) {
    values[place] = value;
    expect_kind(values, expected);
  };
  const float others = size > 1 ? 1 : 0;
  check(7, {.largest = 7});
  check(-2, {.negative = true, .largest = others});
  check(2.5F, {.integers = false, .largest = 2.5F});
  check(std::nextafter(1.0F, 2.0F), {.integers = false, .largest = std::nextafter(1.0F, 2.0F)});
  check(std::numeric_limits<float>::max(), {.largest = std::numeric_limits<float>::max()});
  check(infinite, {.finite = false, .largest = infinite});
  check(-infinite, {.finite = false, .negative = true, .largest = others});
  check(std::nanf(""), {.finite = false, .integers = false, .largest = others});
}

TEST(ValueKind, OneValueDecidesAnywhere) {
  for (const std::size_t size : {1, 2, 7, 8, 9, 31, 32, 33, 70}) {
    for (std::size_t place = 0; place < size; ++place) expect_one_among(size, place);
  }
}

TEST(ValueKind, InAnyThread) {
  const std::size_t size = 3'000'001;
  for (const std::size_t place : {std::size_t{0}, size / 3, size / 2, size - 1})
    expect_one_among(size, place);
}

TEST(ValueKind, OfNoValues) { expect_kind({}, {}); }

}  // namespace
}  // namespace sparcell
