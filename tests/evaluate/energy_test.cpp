// Energy distances with known answers; whether their intervals hold the truth is in coverage_test.cpp.
#include "evaluate/energy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

#include "evaluate/test_cells.h"
#include "evaluate/world.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell {
namespace {

constexpr std::int64_t groups = 40;

Matrix<float> normals(std::int64_t cells, std::int64_t dimensions, double mean, double deviation,
                      std::mt19937& generator) {
  std::normal_distribution<double> normal(mean, deviation);
  Matrix<float> x(cells, dimensions);
  for (float& value : x.values) value = static_cast<float>(normal(generator));
  return x;
}

GroupDistances distances_of(const Matrix<float>& generated, const Matrix<float>& real,
                            std::int64_t most_groups = groups) {
  Context context({}, 2);
  GroupDistances d{equal_groups(real.rows, std::min(most_groups, real.rows)), {}, {}, {},
                   generated.rows / real.rows};
  const std::vector<std::int64_t> of_generated = generated_groups(d.groups, d.per_cell);
  const auto sums = [&](const Matrix<float>& x, const auto& x_groups, const Matrix<float>& y, const auto& y_groups) {
    Matrix<double> out(std::ssize(x_groups) - 1, std::ssize(y_groups) - 1);
    pairwise_distance_sums<float>(context, x.view(), y.view(), x_groups, y_groups, out.view());
    return out;
  };
  d.real = sums(real, d.groups, real, d.groups);
  d.generated = sums(generated, of_generated, generated, of_generated);
  d.between = sums(generated, of_generated, real, d.groups);
  return d;
}

/// 2E|X-Y| - E|X-X'| - E|Y-Y'| of numbers, pair by pair.
double by_pairs(const std::vector<double>& x, const std::vector<double>& y) {
  const auto mean = [](const std::vector<double>& a, const std::vector<double>& b, double pairs) {
    double sum = 0;
    for (const double one : a) {
      for (const double other : b) sum += std::abs(one - other);
    }
    return sum / pairs;
  };
  const auto m = static_cast<double>(x.size()), n = static_cast<double>(y.size());
  return 2 * mean(x, y, m * n) - mean(x, x, m * (m - 1)) - mean(y, y, n * (n - 1));
}

TEST(EnergyDistance, OfThreePointsAgainstThreeIsArithmetic) {
  Matrix<float> x(3, 1), y(3, 1);
  x.values = {0, 1, 3};
  y.values = {2, 2, 5};
  // E|X-Y| = (2+2+5 + 1+1+4 + 1+1+2)/9 = 19/9; E|X-X'| = (1+3+2)/3 = 2; E|Y-Y'| = (0+3+3)/3 = 2.
  EXPECT_NEAR(generated_distance(distances_of(x, y)), 2 * 19.0 / 9 - 4, 1e-6);
}

TEST(EnergyDistance, OfThreeGeneratedCellsForEachRealOneIsArithmeticToo) {
  std::mt19937 generator(4);
  const auto real = normals(10, 1, 0, 1, generator), generated = normals(30, 1, 1, 2, generator),
             baseline = normals(20, 1, 0, 2, generator);
  // Groups of 3, 3 and 4 real cells; without one of them, also without its share of the generated cells.
  const GroupDistances d = distances_of(generated, real, 3), other = distances_of(baseline, real, 3);
  EXPECT_EQ(generated_groups(d.groups, 3), (std::vector<std::int64_t>{0, 3, 6, 9, 12, 15, 18, 22, 26, 30}));
  const auto without = [&](const Matrix<float>& cells, std::size_t group) {
    const std::int64_t per_cell = cells.rows / real.rows;
    std::vector<double> left;
    for (std::int64_t i = 0; i < cells.rows; ++i) {
      if (group == 3 || i < per_cell * d.groups[group] || i >= per_cell * d.groups[group + 1])
        left.push_back(cells.values[i]);
    }
    return left;
  };
  const auto difference = [&](std::size_t group) {
    const std::vector<double> cells = without(real, group);
    return by_pairs(without(generated, group), cells) - by_pairs(without(baseline, group), cells);
  };
  EXPECT_NEAR(generated_distance(d), by_pairs(without(generated, 3), without(real, 3)), 1e-6);
  const Interval expected =
      jackknife_interval(difference(3), std::vector<double>{difference(0), difference(1), difference(2)});
  const Interval interval = distance_interval(d, other);
  EXPECT_NEAR(interval.value, expected.value, 1e-6);
  EXPECT_NEAR(interval.low, expected.low, 1e-5);
  EXPECT_NEAR(interval.high, expected.high, 1e-5);
}

TEST(EnergyDistance, OfMoreGeneratedCellsVariesLessAroundTheSameValue) {
  std::mt19937 generator(5);
  double sums[2] = {}, squares[2] = {};
  constexpr int sets = 60;
  for (int set = 0; set < sets; ++set) {
    const auto real = normals(80, 2, 0, 1, generator);
    for (int many = 0; many < 2; ++many) {
      const double d = generated_distance(distances_of(normals(many == 0 ? 80 : 640, 2, 0, 1, generator), real));
      sums[many] += d / sets;
      squares[many] += d * d / sets;
    }
  }
  for (const double sum : sums) EXPECT_NEAR(sum, 0, 0.01);
  EXPECT_LT(squares[1] - sums[1] * sums[1], 0.75 * (squares[0] - sums[0] * sums[0]));
}

TEST(EnergyDistance, PValuesHoldWithMoreGeneratedCellsThanRealOnes) {
  std::mt19937 generator(6);
  int below = 0;
  constexpr int sets = 200;
  for (int set = 0; set < sets; ++set) {
    const auto real = normals(80, 2, 0, 1, generator), generated = normals(240, 2, 0, 1, generator);
    below += permutation_p_value(distances_of(generated, real), 199, static_cast<std::uint64_t>(set)) <= 0.05 ? 1 : 0;
  }
  EXPECT_GE(below, 2);  // 10 are expected; 2 to 22 by chance in 199 of 200
  EXPECT_LE(below, 22);
  const auto real = normals(80, 2, 0, 1, generator), shifted = normals(240, 2, 0.5, 1, generator);
  EXPECT_LE(permutation_p_value(distances_of(shifted, real), 199, 1), 0.01);
}

TEST(EnergyDistance, SeesVariancesWhereMeansAreEqual) {
  // Differences of normals of variance 1 and 9 are N(0, 10), N(0, 2) and N(0, 18), and E|N(0, v)| = sqrt(2v /
  // pi).
  std::mt19937 generator(1);
  const auto x = normals(4000, 1, 0, 1, generator), y = normals(4000, 1, 0, 3, generator);
  const double exact = 2 * std::sqrt(20 / M_PI) - std::sqrt(4 / M_PI) - std::sqrt(36 / M_PI);
  EXPECT_NEAR(generated_distance(distances_of(x, y)), exact, 0.04);
}

TEST(EnergyDistance, InFiftyDimensionsVariancesOneAndNineAreMoreThanThreeApart) {
  // E|N(0, v I_d)| = sqrt(2v) Gamma((d + 1) / 2) / Gamma(d / 2).
  const auto length = [](double v) {
    return std::sqrt(2 * v) * std::exp(std::lgamma(25.5) - std::lgamma(25.0));
  };
  const double exact = 2 * length(10) - length(2) - length(18);
  std::mt19937 generator(2);
  const auto x = normals(500, 50, 0, 1, generator), y = normals(500, 50, 0, 3, generator);
  EXPECT_NEAR(generated_distance(distances_of(x, y)), exact, 0.1);
  EXPECT_GT(exact, 3.0);
}

TEST(EnergyDistance, OverAllHalvingsOfACellsSplitHalfIsZeroAndOfAFewIsNear) {
  std::mt19937 generator(3);
  const auto x = normals(300, 10, 0, 1, generator);
  const GroupDistances d = distances_of(x, x);
  EXPECT_NEAR(split_half_distance(d, halvings(groups, 400, 1)), 0, 0.005);
  EXPECT_NE(split_half_distance(d, halvings(groups, 20, 1)), split_half_distance(d, halvings(groups, 20, 2)));
}

TEST(EnergyDistance, HalvingsMarkHalfOfTheGroupsAndDiffer) {
  const auto halves = halvings(10, 8, 3);
  for (const Chosen& half : halves) EXPECT_EQ(std::count(half.begin(), half.end(), true), 5);
  EXPECT_NE(halves[0], halves[1]);
}

}  // namespace
}  // namespace sparcell
