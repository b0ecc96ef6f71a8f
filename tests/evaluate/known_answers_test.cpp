// Samples that are wrong in one known way move the metrics that should see it, and leave those that should
// not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/agreement.h"
#include "evaluate/discriminant.h"
#include "evaluate/latent.h"
#include "evaluate/world.h"

namespace sparcell {
namespace {

using Rows = std::vector<std::vector<double>>;

constexpr std::int64_t train = 400, test_cells = 400, genes = 10;

/// Three programs move genes together; about a third of the values are 0.
Rows correlated_rows(std::int64_t cells, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<double> normal;
  Rows rows(static_cast<std::size_t>(cells), std::vector<double>(genes));
  for (auto& row : rows) {
    const double programs[] = {normal(generator), normal(generator), normal(generator)};
    for (std::size_t g = 0; g < genes; ++g)
      row[g] = std::max(0.0, 0.2 * static_cast<double>(g % 4) + programs[g % 3] + 0.3 * normal(generator));
  }
  return rows;
}

struct KnownAnswers : testing::Test {
  Rows real = correlated_rows(train + test_cells, 1);
  Dataset data = test::dataset_of(real);
  Split split = test::split_at(train, train + test_cells);
  test::Judged judged;

  void SetUp() override {
    const Rows fresh = correlated_rows(test_cells, 2);
    Rows collapsed = fresh, shifted = fresh, wide(test_cells, std::vector<double>(genes)),
         copies(real.begin(), real.begin() + test_cells), shuffled = fresh;
    for (std::size_t i = 0; i < fresh.size(); ++i) collapsed[i] = fresh[i % 5];
    for (auto& row : shifted) {
      for (double& value : row) value += 0.3;
    }
    for (std::size_t g = 0; g < genes; ++g) {
      double mean = 0;
      for (std::int64_t i = train; i < train + test_cells; ++i) mean += real[i][g] / test_cells;
      for (std::size_t i = 0; i < wide.size(); ++i) wide[i][g] = mean + 2 * (real[train + i][g] - mean);
      for (std::size_t i = 0; i < fresh.size(); ++i) shuffled[i][g] = fresh[(i + 37 * g) % fresh.size()][g];
    }
    judged = test::judge(
        data, split,
        {test::generating_model("fresh", fresh), test::generating_model("wide", wide),
         test::generating_model("collapsed", collapsed), test::generating_model("shifted", shifted),
         test::generating_model("copies", copies), test::generating_model("shuffled", shuffled)});
  }
  double of(const std::string& who, const std::string& key) const { return judged.metric(who, key); }
};

TEST_F(KnownAnswers, NewCellsOfTheSameKindAreAsGoodAsRealHalves) {
  for (const char* distance : {"energy_distance", "mmd"}) {
    const Verdict& verdict = judged.verdict("fresh", distance, "split_half");
    EXPECT_LE(verdict.low, 0) << distance;
    EXPECT_GE(verdict.high, 0) << distance;
    EXPECT_GT(*verdict.p_value, 0.01) << distance;
  }
  EXPECT_NEAR(of("fresh", "two_sample_auroc"), 0.5, 0.08);
  EXPECT_NEAR(of("fresh", "memorization"), 0.5, 0.06);
  EXPECT_GT(of("fresh", "precision"), 0.9);
  EXPECT_GT(of("fresh", "recall"), 0.9);
  EXPECT_GT(of("fresh", "correlation_agreement"), 0.98);
  EXPECT_NEAR(of("split_half", "memorization"), 0.5, 0.08);
  EXPECT_NEAR(of("split_half", "two_sample_auroc"), 0.5, 0.12);
}

TEST_F(KnownAnswers, ADoubledSpreadIsSeenByTheDistanceAndNotByItsSquare) {
  // Means are equal exactly: the squared form is -2 (tr S_x + tr S_y) / n by its correction, no signal.
  EXPECT_LT(of("wide", "energy_distance_squared"), 0);
  EXPECT_GT(of("wide", "energy_distance"), 0.2);
  EXPECT_GT(judged.verdict("wide", "energy_distance", "split_half").low, 0);
  EXPECT_EQ(*judged.verdict("wide", "energy_distance", "split_half").p_value, 0.001);
  EXPECT_NEAR(of("wide", "mean_r2"), 1, 1e-9);
  EXPECT_NEAR(of("wide", "variance_slope"), 4, 1e-5);
  EXPECT_GT(of("wide", "two_sample_auroc"), 0.7);  // by the squares of scores
}

TEST_F(KnownAnswers, ACollapsedSampleLosesRecallAndKeepsPrecision) {
  EXPECT_LT(of("collapsed", "recall"), 0.1);
  EXPECT_LT(of("collapsed", "coverage"), 0.15);
  EXPECT_GT(of("collapsed", "precision"), 0.9);
  EXPECT_GT(of("collapsed", "energy_distance"), 10 * std::abs(of("fresh", "energy_distance")));
  EXPECT_GT(of("collapsed", "mmd"), 10 * std::abs(of("fresh", "mmd")));
}

TEST_F(KnownAnswers, AShiftMovesMeansByItselfAndNoVarianceOrCorrelation) {
  EXPECT_NEAR(of("shifted", "variance_slope"), of("fresh", "variance_slope"), 1e-6);
  EXPECT_NEAR(of("shifted", "correlation_agreement"), of("fresh", "correlation_agreement"), 1e-6);
  EXPECT_NEAR(of("shifted", "gene_wasserstein"), 0.3, 0.06);
  EXPECT_LT(of("shifted", "mean_r2"), of("fresh", "mean_r2") - 0.5);
  EXPECT_GT(of("shifted", "exact_zero_fraction_error"), 0.3);  // nothing is 0 any more
  EXPECT_GT(of("shifted", "energy_distance_squared"), 10 * std::abs(of("fresh", "energy_distance_squared")));
  EXPECT_GT(of("shifted", "genes_per_cell_wasserstein"), 2);
  // Empty cells among the real ones count as 0.
  EXPECT_GT(of("shifted", "log_library_size_wasserstein"), 5 * of("fresh", "log_library_size_wasserstein"));
}

TEST_F(KnownAnswers, CopiesOfTrainingCellsAreSeenByMemorisationOnly) {
  // Not 1: some test cells are 0 everywhere, as some training cells are.
  EXPECT_GT(of("copies", "memorization"), 0.98);
  EXPECT_GT(of("training_cells", "memorization"), 0.98);
  EXPECT_NEAR(of("copies", "energy_distance"), 0, 0.02);
  EXPECT_NEAR(of("copies", "two_sample_auroc"), 0.5, 0.08);
  EXPECT_GT(of("copies", "recall"), 0.9);
}

TEST_F(KnownAnswers, ShuffledGenesLoseCorrelationsAndNothingElseOfAGene) {
  EXPECT_NEAR(of("shuffled", "gene_wasserstein"), of("fresh", "gene_wasserstein"), 1e-12);
  EXPECT_NEAR(of("shuffled", "zeros_against_mean_error"), of("fresh", "zeros_against_mean_error"), 1e-12);
  EXPECT_NEAR(of("shuffled", "variance_r2"), of("fresh", "variance_r2"), 1e-9);
  EXPECT_LT(of("shuffled", "correlation_agreement"), 0.3);
  EXPECT_GT(of("shuffled", "energy_distance"), 5 * std::abs(of("fresh", "energy_distance")));
  EXPECT_LT(of("shuffled_genes", "correlation_agreement"), 0.3);
  EXPECT_LT(of("shuffled_genes", "gene_wasserstein"), 2 * of("training_cells", "gene_wasserstein"));
}

TEST_F(KnownAnswers, GaussianComponentsHaveTheMeansAndVariancesOfTrainingCells) {
  // All components are kept: what is lost is the shape.
  EXPECT_GT(of("gaussian_pca", "mean_r2"), 0.9);
  EXPECT_NEAR(of("gaussian_pca", "variance_slope"), 1, 0.15);
  EXPECT_GT(of("gaussian_pca", "correlation_agreement"), 0.97);
  EXPECT_GT(of("gaussian_pca", "gene_wasserstein"), 2 * of("training_cells", "gene_wasserstein"));
}

TEST(ShiftedControls, AreControlsWithTheMeanOfAPerturbation) {
  Rows rows;
  for (int i = 0; i < 300; ++i) {
    const double noise = std::sin(static_cast<double>(i));
    rows.push_back(i % 3 == 0 ? std::vector<double>{5 + noise, 1} : std::vector<double>{2 + noise, 3});
  }
  Dataset data = test::dataset_of(rows);
  data.perturbations.names = {"control", "A"};
  for (int i = 0; i < 300; ++i) data.perturbations.of_cell.push_back(i % 3 == 0 ? 0 : 1);
  const auto judged =
      test::judge(data, test::split_at(150, 300), {test::generating_model("gan", Rows(150, {2, 3}))});
  EXPECT_GT(judged.metric("shifted_controls", "mean_r2"), 0.9);
  EXPECT_NEAR(judged.metric("shifted_controls", "variance_ratio"), 1, 0.15);
  EXPECT_NEAR(judged.metric("shifted_controls", "energy_distance"), 0, 0.05);
  EXPECT_LT(judged.metric("centroid_mean", "mse"), judged.metric("control_mean", "mse"));
}

TEST(Discriminant, FindsClassesThatALineSeparatesAndTheBestGuessWhereNothingVaries) {
  Matrix<double> x(40, 2), constant(40, 2, 3.0);
  std::vector<std::int32_t> classes;
  for (int i = 0; i < 40; ++i) {
    classes.push_back(i % 4 == 0 ? 1 : 0);
    x(i, 0) = (i % 4 == 0 ? 2 : 0) + 0.1 * std::cos(i);
    x(i, 1) = std::sin(i);
  }
  const LinearDiscriminant separating(x, classes, 2), guessing(constant, classes, 2);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(separating.predict(std::span<const double>(x.values).subspan(2 * i, 2)), classes[i]);
    EXPECT_EQ(guessing.predict(std::span<const double>(constant.values).subspan(2 * i, 2)), 0);
  }
}

TEST(RocArea, CountsPairsAndTiesHalf) {
  const std::vector<double> positive{1, 2, 2}, negative{0, 2};
  EXPECT_DOUBLE_EQ(roc_area(positive, negative), (1 + 0 + 1 + 0.5 + 1 + 0.5) / 6);
}

TEST(Agreement, OfALineIsItsSlopeAndOfConstantsNothing) {
  const std::vector<double> real{1, 2, 3, 4}, doubled{2, 4, 6, 8}, constant(4, 2.0);
  EXPECT_DOUBLE_EQ(agreement(doubled, real).slope, 2);
  EXPECT_DOUBLE_EQ(agreement(doubled, real).r2, 1 - 30.0 / 5);
  EXPECT_TRUE(std::isnan(agreement(doubled, constant).r2));
}

TEST(Silhouette, IsArithmetic) {
  // Labels {0, 1} and {10} and {4, 6} on a line.
  Matrix<float> x(5, 1);
  x.values = {0, 1, 10, 4, 6};
  Context context({}, 1);
  const std::vector<std::int64_t> offsets{0, 2, 3, 5};
  const std::vector<double> s = silhouettes(context, x.view(), offsets);
  EXPECT_NEAR(s[0], (5.0 - 1) / 5, 1e-6);
  EXPECT_NEAR(s[1], (4.0 - 1) / 4, 1e-6);
  EXPECT_EQ(s[2], 0);  // alone
  EXPECT_NEAR(s[3], (3.5 - 2) / 3.5, 1e-6);
  EXPECT_NEAR(s[4], (4.0 - 2) / 4, 1e-6);
}

}  // namespace
}  // namespace sparcell
