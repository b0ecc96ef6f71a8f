// What the epochs of a GAN are compared by.
#include "evaluate/validation_distance.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numeric>
#include <random>

namespace sparcell {
namespace {

constexpr std::int64_t cells = 400, genes = 20;

/// Cells in a plane of two directions with a little noise; `spread` is that of the first direction.
Matrix<float> cells_of(std::int64_t count, double spread, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Matrix<float> x(count, genes);
  for (std::int64_t r = 0; r < count; ++r) {
    const double a = spread * normal(generator), b = normal(generator);
    for (std::int64_t g = 0; g < genes; ++g) {
      const double v =
          5 + a * std::cos(0.3 * static_cast<double>(g)) + b * std::sin(0.3 * static_cast<double>(g));
      x(r, g) = static_cast<float>(v + 0.1 * normal(generator));
    }
  }
  return x;
}

Csr<float> sparse(const Matrix<float>& x) {
  Csr<float> out;
  out.rows = x.rows;
  out.cols = x.cols;
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int32_t g = 0; g < x.cols; ++g) {
      out.indices.push_back(g);
      out.values.push_back(x(r, g));
    }
    out.offsets.push_back(static_cast<std::int64_t>(out.values.size()));
  }
  return out;
}

struct Distance {
  Context context{{}, 2};
  Log log{[](Log::Level, const std::string&) {}};
  ValidationDistance distance;

  explicit Distance(std::int64_t validation)
      : distance(context, sparse(cells_of(cells, 3, 1)), cells_up_to(validation), 50, 7, log) {}

  static std::vector<std::int32_t> cells_up_to(std::int64_t count) {
    std::vector<std::int32_t> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 0);
    return all;
  }
};

TEST(ValidationDistance, OfOtherCellsOfTheSameKindIsNearZero) {
  const Distance judge(cells);
  EXPECT_EQ(judge.distance.cells(), 1000) << "more than there are validation cells, which are few";
  double mean = 0;
  for (unsigned seed = 2; seed < 12; ++seed) mean += judge.distance.of(cells_of(cells, 3, seed)) / 10;
  // The validation cells are one sample of their kind, so that the mean over others is not 0 itself.
  EXPECT_NEAR(mean, 0, 0.05);
  EXPECT_GT(judge.distance.of(cells_of(cells, 2, 2)), 0.2);
}

TEST(ValidationDistance, GrowsWithWhatIsMissing) {
  const Distance judge(cells);
  const double right = judge.distance.of(cells_of(cells, 3, 2)),
               narrow = judge.distance.of(cells_of(cells, 2, 2)),
               flat = judge.distance.of(cells_of(cells, 0.5, 2));
  EXPECT_LT(right, narrow);
  EXPECT_LT(narrow, flat);
}

TEST(ValidationDistance, IsTheSameNumberAgain) {
  const Matrix<float> generated = cells_of(cells, 2, 2);
  EXPECT_EQ(Distance(cells).distance.of(generated), Distance(cells).distance.of(generated));
}

TEST(ValidationDistance, NeedsCells) {
  EXPECT_NO_THROW(Distance(6));
  try {
    Distance(5);
    FAIL();
  } catch (const DataError& error) {
    EXPECT_STREQ(error.what(),
                 "train.monitor energy_distance compares generated cells with validation cells, which takes 6 of "
                 "them; there are 5");
  }
}

}  // namespace
}  // namespace sparcell
