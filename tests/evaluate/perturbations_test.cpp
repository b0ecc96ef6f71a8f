// Means of perturbations: known answers, the linear model, intervals over perturbations, what is left out.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/linear_model.h"
#include "evaluate/pseudobulk.h"
#include "evaluate/verdict.h"
#include "evaluate/world.h"

namespace sparcell {
namespace {

using test::judge;

constexpr std::int64_t genes = 20, perturbations = 12, cells = 20 * (perturbations + 1);

/// Perturbation p, of gene p, halves it and lifts the next; cells take turns, every second one tests.
struct Perturbed : testing::Test {
  std::vector<std::vector<double>> rows = test::normal_rows(cells, genes, 3, 0.2, 1);
  Dataset data;
  Split split;

  void SetUp() override {
    for (std::int64_t c = 0; c < cells; ++c) {
      const std::int64_t p = c % (perturbations + 1);
      if (p > 0) {
        rows[c][p] *= 0.5;
        rows[c][p + 1] += 0.7;
      }
    }
    data = test::dataset_of(rows);
    data.perturbations.names = {"control"};
    data.perturbations.parts = {{}};
    for (std::int64_t p = 1; p <= perturbations; ++p) {
      data.perturbations.names.push_back(fmt::format("g{}", p));
      data.perturbations.parts.push_back({fmt::format("g{}", p)});
    }
    for (std::int32_t c = 0; c < cells; ++c) {
      data.perturbations.of_cell.push_back(c % (perturbations + 1));
      (c / (perturbations + 1) % 2 == 0 ? split.train : split.test).push_back(c);
    }
  }

  JudgedModel copy() const {
    return test::mapping_model("copy", data, 2, [](float x) { return x; });
  }
  /// Gives the cells of every perturbation the values of cells of the next one.
  JudgedModel confused() const {
    JudgedModel model = copy();
    model.name = "confused";
    model.reconstruct = [this](std::span<const std::int32_t> of, MatrixView<float> out) {
      for (std::int64_t i = 0; i < out.rows; ++i) {
        const std::int64_t p = of[i] % (perturbations + 1), next = p == perturbations ? 1 : p + 1;
        for (std::int64_t g = 0; g < genes; ++g) out(i, g) = static_cast<float>(rows[of[i] - p + next][g]);
      }
    };
    return model;
  }
};

std::vector<double> column(const test::Judged& judged, const std::string& name) {
  for (const GeneColumn& c : judged.evaluation.per_perturbation.columns) {
    if (c.name == name) return c.values;
  }
  ADD_FAILURE() << "no column " << name;
  return {};
}

TEST_F(Perturbed, ACopyIsPerfectAndConfusedPerturbationsAreSeen) {
  const test::Judged judged = judge(data, split, {copy(), confused()});
  EXPECT_NEAR(judged.metric("copy", "pseudobulk_l2"), 0, 1e-6);
  EXPECT_NEAR(judged.metric("copy", "delta_pearson"), 1, 1e-6);
  EXPECT_NEAR(judged.metric("copy", "delta_cosine"), 1, 1e-6);
  EXPECT_NEAR(judged.metric("copy", "delta_sign_accuracy"), 1, 0.01);
  EXPECT_NEAR(judged.metric("copy", "centroid_pearson"), 1, 1e-6);
  EXPECT_EQ(judged.metric("copy", "centroid_accuracy"), 1);
  EXPECT_LE(judged.metric("confused", "centroid_accuracy"), 1 - 1.0 / (perturbations - 1));
  EXPECT_LT(judged.metric("confused", "centroid_pearson"), 0.4);
  EXPECT_GT(judged.metric("confused", "pseudobulk_l2"), 1);
}

TEST_F(Perturbed, TheControlMeanHasNoDifferenceToControlAndTheCentroidNoneToItself) {
  const test::Judged judged = judge(data, split, {copy()});
  EXPECT_FALSE(judged.has("control_mean", "delta_pearson"));
  EXPECT_EQ(judged.metric("control_mean", "delta_sign_accuracy"), 0);
  EXPECT_FALSE(judged.has("centroid_mean", "centroid_pearson"));
  EXPECT_GT(judged.metric("centroid_mean", "delta_pearson"), 0);  // what all perturbations share
}

TEST_F(Perturbed, MeansAreArithmetic) {
  const test::Judged judged =
      judge(data, split, {test::mapping_model("low", data, 2, [](float x) { return x - 0.5f; })});
  EXPECT_NEAR(judged.metric("low", "pseudobulk_mse"), 0.25, 1e-6);
  EXPECT_NEAR(judged.metric("low", "pseudobulk_mae"), 0.5, 1e-6);
  EXPECT_NEAR(judged.metric("low", "pseudobulk_l2"), std::sqrt(0.25 * genes), 1e-6);
  EXPECT_NEAR(judged.metric("low", "delta_pearson"), 1,
              1e-6);  // a shift of all genes is no difference of genes
  EXPECT_LT(judged.metric("low", "delta_cosine"), 0.8);
  const std::vector<double> l2 = column(judged, "low_pseudobulk_l2");
  ASSERT_EQ(l2.size(), static_cast<std::size_t>(perturbations + 1));
  EXPECT_TRUE(std::isnan(l2[0]));  // the control is no perturbation
  for (std::size_t p = 1; p < l2.size(); ++p) EXPECT_NEAR(l2[p], std::sqrt(0.25 * genes), 1e-6);
}

TEST_F(Perturbed, IntervalsAreOverPerturbations) {
  const test::Judged judged = judge(data, split, {confused()});
  for (const char* baseline : {"linear", "pca"}) {
    for (const char* key : {"pseudobulk_l2", "centroid_pearson", "centroid_accuracy"}) {
      const auto mine = column(judged, fmt::format("confused_{}", key)),
                 other = column(judged, fmt::format("{}_{}", baseline, key));
      std::vector<double> differences;
      for (std::size_t p = 1; p < mine.size(); ++p) differences.push_back(mine[p] - other[p]);
      const Interval expected = bootstrap_interval(differences, EvaluateOptions{}.resamples, 17);
      const Verdict& verdict = judged.verdict("confused", key, baseline);
      EXPECT_DOUBLE_EQ(verdict.difference, expected.value) << key;
      EXPECT_DOUBLE_EQ(verdict.low, expected.low) << key;
      EXPECT_DOUBLE_EQ(verdict.high, expected.high) << key;
    }
  }
  EXPECT_FALSE(judged.verdict("confused", "pseudobulk_l2", "pca").beats);
}

TEST_F(Perturbed, TheLinearModelFindsWhatPerturbedGenesShareAndFallsBackToTheMean) {
  Context context({}, 1);
  Log silent([](Log::Level, const std::string&) {});
  data.perturbations.parts[3] = {"elsewhere"};
  const Centroids centroids = training_centroids(data, split.train);
  const PrincipalComponents pca = fit_pca(context, data.x, split.train, LinearModel::components, silent);
  const LinearModel model = fit_linear_model(data, centroids, pca);
  EXPECT_EQ(model.fitted, perturbations - 1);
  const std::vector<double> b = mean_centroid(centroids);
  double error = 0, without = 0;
  for (std::int64_t g = 0; g < genes; ++g) {
    EXPECT_FLOAT_EQ(model.means(0, g), static_cast<float>(centroids.means(0, g)));
    EXPECT_FLOAT_EQ(model.means(3, g), static_cast<float>(b[g]));
    for (std::int64_t p = 1; p <= perturbations; ++p) {
      error += std::pow(model.means(p, g) - centroids.means(p, g), 2);
      without += std::pow(b[g] - centroids.means(p, g), 2);
    }
  }
  EXPECT_LT(error, without);
  data.perturbations.parts.assign(perturbations + 1, {"elsewhere"});
  const test::Judged judged = judge(data, split, {copy()});
  EXPECT_FALSE(judged.has("linear", "mse"));
  EXPECT_TRUE(judged.logged("there is no linear model of perturbations"));
}

TEST_F(Perturbed, TheLinearModelKnowsGuidesByTheirGenes) {
  Context context({}, 1);
  Log silent([](Log::Level, const std::string&) {});
  const Centroids centroids = training_centroids(data, split.train);
  const PrincipalComponents pca = fit_pca(context, data.x, split.train, LinearModel::components, silent);
  const LinearModel of_genes = fit_linear_model(data, centroids, pca);
  ASSERT_EQ(of_genes.fitted, perturbations);
  for (std::vector<std::string>& parts : data.perturbations.parts) {
    for (std::string& part : parts) part += "_2";
  }
  const LinearModel of_guides = fit_linear_model(data, centroids, pca);
  EXPECT_EQ(of_guides.fitted, perturbations);
  EXPECT_EQ(of_guides.means.values, of_genes.means.values);
}

TEST_F(Perturbed, WhatIsNotDefinedIsLeftOutWithALine) {
  const auto only = [&](std::int32_t most) {  // perturbations 1 .. most and the control
    Split few;
    for (std::int32_t c : split.train) few.train.push_back(c);
    for (std::int32_t c : split.test) {
      if (data.perturbations.of_cell[c] <= most) few.test.push_back(c);
    }
    return few;
  };
  const test::Judged one = judge(data, only(1), {copy()});
  EXPECT_TRUE(one.has("copy", "pseudobulk_l2"));
  EXPECT_FALSE(one.has("copy", "centroid_accuracy"));
  EXPECT_TRUE(one.logged("copy has no centroid_accuracy: it is not defined for these test cells"));
  EXPECT_TRUE(one.logged("no verdict on the pseudobulk_l2 of copy against pca: it needs 8 perturbations"));
  const test::Judged none = judge(data, only(0), {copy()});
  EXPECT_FALSE(none.has("copy", "pseudobulk_l2"));
  EXPECT_TRUE(none.logged("no perturbation has test cells"));
  std::erase_if(split.train, [&](std::int32_t c) { return data.perturbations.of_cell[c] == 0; });
  const test::Judged uncontrolled = judge(data, split, {copy()});
  EXPECT_FALSE(uncontrolled.has("copy", "delta_pearson"));
  EXPECT_TRUE(uncontrolled.has("copy", "centroid_pearson"));
}

}  // namespace
}  // namespace sparcell
