// What rows may have wrong, at every place of rows of every length: the checks run over vectors of elements.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "anndata/matrix.h"
#include "support/temporary.h"

namespace sparcell::anndata {
namespace {

constexpr std::int32_t longest = 70;

/// An empty row, one of `length` entries in columns 0, 2, 4... and one of a single entry.
Csr<float> rows_of(std::int32_t length) {
  Csr<float> matrix{3, 2 * longest, {0, 0, length, length + 1}, {}, {}};
  for (std::int32_t k = 0; k < length; ++k) matrix.indices.push_back(2 * k);
  matrix.indices.push_back(0);
  for (std::int32_t k = 0; k <= length; ++k) matrix.values.push_back(static_cast<float>(k + 1));
  return matrix;
}

TEST(TidyRows, LeavesTidyOnesAsTheyAre) {
  for (std::int32_t length = 0; length <= longest; ++length) {
    Csr<float> matrix = rows_of(length);
    EXPECT_EQ(tidy_rows(matrix, "x", 2), 0);
    const Csr<float> expected = rows_of(length);
    EXPECT_EQ(matrix.offsets, expected.offsets);
    EXPECT_EQ(matrix.indices, expected.indices);
    EXPECT_EQ(matrix.values, expected.values);
  }
}

TEST(TidyRows, SortsTwoNeighboursAnywhere) {
  for (std::int32_t length = 2; length <= longest; ++length) {
    for (std::int32_t k = 1; k < length; ++k) {
      Csr<float> matrix = rows_of(length);
      std::swap(matrix.indices[k - 1], matrix.indices[k]);
      std::swap(matrix.values[k - 1], matrix.values[k]);
      EXPECT_EQ(tidy_rows(matrix, "x", 1), 1) << length << " " << k;
      EXPECT_EQ(matrix.indices, rows_of(length).indices);
      EXPECT_EQ(matrix.values, rows_of(length).values);
    }
  }
}

TEST(TidyRows, RefusesAColumnTwiceAnywhere) {
  for (std::int32_t length = 2; length <= longest; ++length) {
    for (std::int32_t k = 1; k < length; ++k) {
      Csr<float> matrix = rows_of(length);
      matrix.indices[k] = matrix.indices[k - 1];
      EXPECT_THAT(error_of([&] { tidy_rows(matrix, "x", 1); }),
                  testing::StartsWith(fmt::format("x: row 1 names column {} twice", 2 * (k - 1))));
    }
  }
}

TEST(TidyRows, DropsAZeroAnywhere) {
  for (std::int32_t length = 1; length <= longest; ++length) {
    for (std::int32_t k = 0; k < length; ++k) {
      Csr<float> matrix = rows_of(length);
      matrix.values[k] = k % 2 == 0 ? 0.0F : -0.0F;
      EXPECT_EQ(tidy_rows(matrix, "x", 1), 0);
      Csr<float> expected = rows_of(length);
      expected.indices.erase(expected.indices.begin() + k);
      expected.values.erase(expected.values.begin() + k);
      EXPECT_EQ(matrix.indices, expected.indices);
      EXPECT_EQ(matrix.values, expected.values);
      EXPECT_EQ(matrix.offsets, (std::vector<std::int64_t>{0, 0, length - 1, length}));
    }
  }
}

}  // namespace
}  // namespace sparcell::anndata
