// Do intervals hold the truth as often as they say, and are p-values uniform where there is nothing to find?
// 200 simulated sets each; 180 to 198 of 200 are the bounds of the promise, 90 to 99 %.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "evaluate/energy.h"
#include "evaluate/test_cells.h"
#include "evaluate/verdict.h"
#include "sparcell/ops/kernel_sums.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell {
namespace {

constexpr int sets = 200;
constexpr std::int64_t groups = 40, dimensions = 5;

Matrix<float> normals(std::int64_t cells, double mean, std::mt19937& generator) {
  std::normal_distribution<double> normal(mean, 1);
  Matrix<float> x(cells, dimensions);
  for (float& value : x.values) value = static_cast<float>(normal(generator));
  return x;
}

GroupDistances distances_of(const Matrix<float>& generated, const Matrix<float>& real, bool kernel) {
  Context context({}, 1);
  GroupDistances d{equal_groups(real.rows, groups), {}, {}, {}};
  const auto sums = [&](const Matrix<float>& x, const Matrix<float>& y) {
    Matrix<double> out(groups, groups);
    if (!kernel) {
      pairwise_distance_sums<float>(context, x.view(), y.view(), d.groups, d.groups, out.view());
      return out;
    }
    const std::vector<double> gammas{0.1};
    kernel_sums<float>(context, x.view(), y.view(), d.groups, d.groups, gammas, out.view());
    for (double& sum : out.values) sum = -sum;
    for (std::int64_t g = 0; g < groups && &x == &y; ++g)
      out(g, g) += static_cast<double>(d.groups[g + 1] - d.groups[g]);
    return out;
  };
  d.real = sums(real, real);
  d.generated = sums(generated, generated);
  d.between = sums(generated, real);
  return d;
}

/// How many intervals of "model farther than baseline" hold the truth; samples are shifted in every
/// dimension.
int held(bool kernel, double model, double baseline) {
  std::mt19937 generator(11);
  const auto distance_of = [&](double shift) {
    const auto real = normals(6000, 0, generator), generated = normals(6000, shift, generator);
    return generated_distance(distances_of(generated, real, kernel));
  };
  const double truth = distance_of(model) - distance_of(baseline);
  int count = 0;
  for (int set = 0; set < sets; ++set) {
    const auto real = normals(120, 0, generator);
    const auto of_model = distances_of(normals(120, model, generator), real, kernel),
               of_baseline = distances_of(normals(120, baseline, generator), real, kernel);
    const Interval interval = distance_interval(of_model, of_baseline);
    count += interval.low <= truth && truth <= interval.high ? 1 : 0;
  }
  return count;
}

TEST(Coverage, OfTheDifferenceOfTwoEnergyDistances) {
  const int count = held(false, 0.7, 0.3);
  EXPECT_GE(count, 180);
  EXPECT_LE(count, 198);
}

TEST(Coverage, OfTheDifferenceOfTwoKernelDiscrepancies) {
  const int count = held(true, 0.7, 0.3);
  EXPECT_GE(count, 180);
  EXPECT_LE(count, 198);
}

TEST(Coverage, OfTheMeanOfPairedDifferences) {
  // Squared errors are skewed: differences of chi-squared variables of mean 0.2.
  std::mt19937 generator(12);
  std::chi_squared_distribution<double> error(3);
  int count = 0;
  for (int set = 0; set < sets; ++set) {
    std::vector<double> differences;
    for (int cell = 0; cell < 150; ++cell) {
      const double first = error(generator);
      differences.push_back(0.2 + first - 0.5 * first - 0.5 * error(generator));
    }
    const Interval interval = bootstrap_interval(differences, 500, static_cast<std::uint64_t>(set));
    count += interval.low <= 0.2 && 0.2 <= interval.high ? 1 : 0;
  }
  EXPECT_GE(count, 180);
  EXPECT_LE(count, 198);
}

/// How many intervals hold 0.2 where 40 perturbations of 20 cells differ from each other and cells within
/// them hardly do.
int held_over_perturbations(bool by_cell) {
  constexpr int perturbations = 40, cells = 20;
  std::mt19937 generator(14);
  std::gamma_distribution<double> effect(2, 0.1);  // of mean 0.2, skewed
  std::normal_distribution<double> noise(0, 0.05);
  int count = 0;
  for (int set = 0; set < sets; ++set) {
    std::vector<double> differences;
    for (int p = 0; p < perturbations; ++p) {
      const double own = effect(generator);
      double mean = 0;
      for (int cell = 0; cell < cells; ++cell) {
        const double difference = own + noise(generator);
        mean += difference / cells;
        if (by_cell) differences.push_back(difference);
      }
      if (!by_cell) differences.push_back(mean);
    }
    const Interval interval = bootstrap_interval(differences, 500, static_cast<std::uint64_t>(set));
    count += interval.low <= 0.2 && 0.2 <= interval.high ? 1 : 0;
  }
  return count;
}

TEST(Coverage, OfTheMeanOverPerturbationsNeedsABootstrapOverThem) {
  const int count = held_over_perturbations(false);
  EXPECT_GE(count, 180);
  EXPECT_LE(count, 198);
  EXPECT_LT(held_over_perturbations(true), 120);  // cells of one perturbation are no independent draws
}

/// The largest distance between the empirical distribution of 200 p-values and the uniform one.
double distance_from_uniform(bool kernel, double shift) {
  std::mt19937 generator(13);
  std::vector<double> p_values;
  for (int set = 0; set < sets; ++set) {
    const auto real = normals(80, 0, generator), generated = normals(80, shift, generator);
    p_values.push_back(
        permutation_p_value(distances_of(generated, real, kernel), 199, static_cast<std::uint64_t>(set)));
  }
  std::sort(p_values.begin(), p_values.end());
  double largest = 0;
  for (int i = 0; i < sets; ++i) {
    largest = std::max({largest, std::abs(p_values[i] - static_cast<double>(i) / sets),
                        std::abs(p_values[i] - static_cast<double>(i + 1) / sets)});
  }
  return largest;
}

TEST(Coverage, PermutationPValuesAreUniformAtTheNull) {
  // Kolmogorov and Smirnov: 1.36 / sqrt(200) = 0.096 is passed in 5 % of such experiments, 0.115 in 1 %.
  EXPECT_LT(distance_from_uniform(false, 0), 0.115);
  EXPECT_LT(distance_from_uniform(true, 0), 0.115);
}

TEST(Coverage, PermutationPValuesAreSmallWhereThereIsADifference) {
  EXPECT_GT(distance_from_uniform(false, 0.5), 0.9);
}

}  // namespace
}  // namespace sparcell
