// Energy distances with known answers; whether their intervals hold the truth is in coverage_test.cpp.
#include "evaluate/energy.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

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

GroupDistances distances_of(const Matrix<float>& generated, const Matrix<float>& real) {
  Context context({}, 2);
  GroupDistances d{equal_groups(real.rows, std::min(groups, real.rows)), {}, {}, {}};
  const auto sums = [&](const Matrix<float>& x, const Matrix<float>& y) {
    Matrix<double> out(d.count(), d.count());
    pairwise_distance_sums<float>(context, x.view(), y.view(), d.groups, d.groups, out.view());
    return out;
  };
  d.real = sums(real, real);
  d.generated = sums(generated, generated);
  d.between = sums(generated, real);
  return d;
}

TEST(EnergyDistance, OfThreePointsAgainstThreeIsArithmetic) {
  Matrix<float> x(3, 1), y(3, 1);
  x.values = {0, 1, 3};
  y.values = {2, 2, 5};
  // E|X-Y| = (2+2+5 + 1+1+4 + 1+1+2)/9 = 19/9; E|X-X'| = (1+3+2)/3 = 2; E|Y-Y'| = (0+3+3)/3 = 2.
  EXPECT_NEAR(generated_distance(distances_of(x, y)), 2 * 19.0 / 9 - 4, 1e-6);
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
