// Predicted perturbations: known answers, baselines, seen and unseen apart, what beats means.
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/prediction.h"
#include "evaluate/verdict.h"
#include "evaluate/world.h"

namespace sparcell {
namespace {

using test::judge;

constexpr std::int64_t genes = 30, singles = 12, doubles = 11, groups = 1 + singles + doubles, copies = 12;

/// Group 0 is the control, single p lifts gene p and lowers gene p + 12, double d is singles d and d + 1
/// with 1.5 times the sum of what they do. Every second cell of a group tests, but of doubles all do.
struct Predicted : testing::Test {
  Dataset data;
  Split split;

  static double effect(std::int64_t group, std::int64_t gene) {
    if (group > singles) return 1.5 * (effect(group - singles, gene) + effect(group - singles + 1, gene));
    if (group == 0) return 0;
    return (gene == group ? 1.0 : 0) - (gene == group + singles ? 0.5 : 0);
  }

  void SetUp() override {
    auto rows = test::normal_rows(groups * copies, genes, 3, 0.1, 1);
    for (std::int64_t c = 0; c < groups * copies; ++c) {
      for (std::int64_t g = 0; g < genes; ++g) rows[c][g] += effect(c % groups, g);
    }
    data = test::dataset_of(rows);
    data.perturbations.names = {"control"};
    data.perturbations.parts = {{}};
    const auto gene = [](std::int64_t g) { return fmt::format("g{}", g); };
    for (std::int64_t p = 1; p <= singles; ++p) {
      data.perturbations.names.push_back(gene(p));
      data.perturbations.parts.push_back({gene(p)});
    }
    for (std::int64_t d = 1; d <= doubles; ++d) {
      data.perturbations.names.push_back(gene(d) + "+" + gene(d + 1));
      data.perturbations.parts.push_back({gene(d), gene(d + 1)});
    }
    for (std::int32_t c = 0; c < groups * copies; ++c) {
      const auto group = static_cast<std::int32_t>(c % groups);
      data.perturbations.of_cell.push_back(group);
      (c / groups % 2 == 0 && group <= singles ? split.train : split.test).push_back(c);
    }
  }

  /// Predicts 3 + factor * effect, plus noise that is the model's own.
  JudgedModel model(const std::string& name, double factor) const {
    JudgedModel judged = test::mapping_model(name, data, 2, [](float x) { return x; });
    judged.predict = [factor](std::int32_t p) {
      std::vector<float> mean;
      for (std::int64_t g = 0; g < genes; ++g) mean.push_back(static_cast<float>(3 + factor * effect(p, g)));
      return mean;
    };
    return judged;
  }
};

bool beats(const test::Judged& judged, const std::string& model, const std::string& baseline,
           const std::string& held) {
  for (const PredictionVerdict& verdict : judged.evaluation.prediction_verdicts) {
    if (verdict.model == model && verdict.baseline == baseline && verdict.held == held) return verdict.beats;
  }
  ADD_FAILURE() << "no verdict of " << model << " against " << baseline << " on " << held;
  return false;
}

TEST_F(Predicted, TheTruthIsNearlyPerfectAndHalfOfItIsHalfAsFar) {
  const test::Judged judged = judge(data, split, {model("truth", 1), model("half", 0.5)});
  for (const char* held : {"seen", "unseen"}) {
    const std::string h(held);
    EXPECT_LT(judged.metric("truth", h + "_l2"), 0.35);
    EXPECT_GT(judged.metric("truth", h + "_delta_pearson"), 0.97);
    EXPECT_GT(judged.metric("truth", h + "_centroid_pearson"), 0.95);
    EXPECT_EQ(judged.metric("truth", h + "_centroid_accuracy"), 1);
    EXPECT_EQ(judged.metric("truth", h + "_discrimination"), 1);
    EXPECT_GT(judged.metric("half", h + "_l2"), judged.metric("truth", h + "_l2"));
    EXPECT_NEAR(judged.metric("half", h + "_delta_pearson"), judged.metric("truth", h + "_delta_pearson"),
                0.1);
  }
  EXPECT_NEAR(judged.metric("control_mean", "unseen_l2"), 1.5 * std::sqrt(2 * 1.25), 0.2);
}

TEST_F(Predicted, SeenAndUnseenAreOfTheirOwnPerturbations) {
  const CellMoments train = cell_moments(data, split.train), test = cell_moments(data, split.test);
  const PredictionSet seen = prediction_set(data, train, test, Held::seen),
                      unseen = prediction_set(data, train, test, Held::unseen);
  EXPECT_EQ(std::ssize(seen.perturbations), singles);
  EXPECT_EQ(std::ssize(unseen.perturbations), doubles);
  for (std::int64_t p = 0; p < singles; ++p) {
    const std::vector<std::int32_t>& different = seen.different[p];
    EXPECT_EQ(different[0], p + 1) << "the gene that it lifts by 1 differs most";
    EXPECT_TRUE(seen.significant[p][p + 1]);
  }
}

TEST_F(Predicted, MomentsAreArithmetic) {
  const CellMoments moments = cell_moments(data, split.train);
  double sum = 0, squares = 0, n = 0;
  for (const std::int32_t cell : split.train) {
    if (data.perturbations.of_cell[cell] != 4) continue;
    for (std::int64_t k = data.x.offsets[cell]; k < data.x.offsets[cell + 1]; ++k) {
      if (data.x.indices[k] != 7) continue;
      sum += data.x.values[k];
      squares += data.x.values[k] * data.x.values[k];
    }
    ++n;
  }
  EXPECT_EQ(n, copies / 2);
  EXPECT_NEAR(moments.centroids.means(4, 7), sum / n, 1e-6);
  EXPECT_NEAR(moments.variances(4, 7), (squares - sum * sum / n) / (n - 1), 1e-6);
}

/// Moments of one gene's values: of controls and of perturbation 1.
CellMoments moments_of(const std::vector<double>& controls, const std::vector<double>& perturbed) {
  std::vector<std::vector<double>> rows;
  Dataset data;
  std::vector<std::int32_t> labels, all;
  for (const double value : controls) rows.push_back({value}), labels.push_back(0);
  for (const double value : perturbed) rows.push_back({value}), labels.push_back(1);
  data = test::dataset_of(rows);
  data.perturbations = {{"control", "g0"}, {{}, {"g0"}}, labels};
  for (std::int32_t c = 0; c < std::ssize(labels); ++c) all.push_back(c);
  return cell_moments(data, all);
}

TEST_F(Predicted, WelchsTestEqualsScipy) {
  // scipy.stats.ttest_ind(perturbed, controls, equal_var=False)
  struct Case {
    std::vector<double> perturbed, controls;
    double t, p_value;
  };
  for (const Case& of :
       std::vector<Case>{{{1, 3}, {0.5, 0.25, 0, 0.75}, 1.6042456360899677, 0.3457627211039614},
                         {{2, 2.5, 3.5, 1}, {0, 1, 0.5}, 2.9405881764588204, 0.03672678962603288},
                         {{4, 4}, {1, 2, 3, 0.5, 0.25}, 5.197077581161876, 0.006529228185792699}}) {
    const CellMoments moments = moments_of(of.controls, of.perturbed);
    const WelchTest test = welch_test(moments, 1, moments);
    EXPECT_NEAR(test.t[0], of.t, 1e-12);
    EXPECT_NEAR(test.p_values[0], of.p_value, 1e-12);
  }
  const auto p_value = [](const std::vector<double>& controls, const std::vector<double>& perturbed) {
    const CellMoments moments = moments_of(controls, perturbed);
    return welch_test(moments, 1, moments).p_values[0];
  };
  EXPECT_TRUE(std::isnan(p_value({1, 2, 3}, {9})));
  EXPECT_TRUE(std::isnan(p_value({1}, {9, 8})));
  EXPECT_EQ(p_value({1, 1}, {1, 1}), 1);
  EXPECT_EQ(p_value({1, 1}, {2, 2}), 0);
}

TEST_F(Predicted, FewCellsOfTheSameKindAreHardlyEverCalledDifferent) {
  // Normal p-values call 30 of 1,000 genes of five cells, and 214 of two cells, where no gene differs; what
  // is left for two is Welch's own: their variance is now and then near 0 by chance.
  constexpr std::int64_t controls = 100, null_genes = 1000;
  data = test::dataset_of(test::normal_rows(controls + 8, null_genes, 3, 1, 5));
  data.perturbations = {{"control", "five", "two", "one"},
                        {{}, {"g0"}, {"g1"}, {"g2"}},
                        std::vector<std::int32_t>(controls, 0)};
  data.perturbations.of_cell.insert(data.perturbations.of_cell.end(), {1, 1, 1, 1, 1, 2, 2, 3});
  std::vector<std::int32_t> all;
  for (std::int32_t c = 0; c < data.cell_count(); ++c) all.push_back(c);
  const CellMoments moments = cell_moments(data, all);
  const PredictionSet set = prediction_set(data, moments, moments, Held::seen);
  const auto called = [&](std::size_t p) {
    return std::count(set.significant[p].begin(), set.significant[p].end(), true);
  };
  EXPECT_LT(called(0), 8);
  EXPECT_LT(called(1), 100);
  EXPECT_TRUE(set.significant[2].empty()) << "one cell has no variance";
  EXPECT_EQ(std::ssize(set.different[2]), 50);
}

TEST_F(Predicted, TheAdditiveBaselineIsControlPlusTheSinglesDifferences) {
  const CellMoments train = cell_moments(data, split.train), test = cell_moments(data, split.test);
  const PredictionSet unseen = prediction_set(data, train, test, Held::unseen);
  const auto baselines = prediction_baselines(data, unseen, train.centroids);
  const auto found =
      std::find_if(baselines.begin(), baselines.end(), [](const auto& b) { return b.first == "additive"; });
  ASSERT_NE(found, baselines.end());
  const Matrix<double>& means = train.centroids.means;
  for (std::int64_t g = 0; g < genes; ++g)
    EXPECT_NEAR(found->second(0, g), means(1, g) + means(2, g) - means(0, g), 1e-12);
  const auto named = [&](const std::string& name) {
    return std::any_of(baselines.begin(), baselines.end(), [&](const auto& b) { return b.first == name; });
  };
  EXPECT_TRUE(named("control_mean") && named("centroid_mean"));
  EXPECT_FALSE(named("training_mean")) << "an unseen perturbation has none";
}

/// Half of the cells of gene 1 are another guide's, and the double names guides.
TEST_F(Predicted, TheAdditiveBaselineTakesTheCellsOfAllGuidesOfAGene) {
  data.perturbations.parts[1] = {"g1_1"};
  data.perturbations.names.push_back("g1_2");
  data.perturbations.parts.push_back({"g1_2"});
  data.perturbations.parts[singles + 1] = {"g1_2", "g2_1"};
  std::vector<double> of_gene_1(genes), controls(genes), of_gene_2(genes);
  const auto add_cell = [&](std::int32_t cell, std::vector<double>& sum) {
    for (std::int64_t k = data.x.offsets[cell]; k < data.x.offsets[cell + 1]; ++k)
      sum[data.x.indices[k]] += data.x.values[k] / (copies / 2.0);
  };
  int turn = 0;
  for (const std::int32_t cell : split.train) {
    std::int32_t& of_cell = data.perturbations.of_cell[cell];
    if (of_cell == 0) add_cell(cell, controls);
    if (of_cell == 1) add_cell(cell, of_gene_1);
    if (of_cell == 2) add_cell(cell, of_gene_2);
    if (of_cell == 1 && turn++ < 2) of_cell = groups;  // two of its six cells
  }
  const CellMoments train = cell_moments(data, split.train), test = cell_moments(data, split.test);
  const auto baselines =
      prediction_baselines(data, prediction_set(data, train, test, Held::unseen), train.centroids);
  const auto found =
      std::find_if(baselines.begin(), baselines.end(), [](const auto& b) { return b.first == "additive"; });
  ASSERT_NE(found, baselines.end());
  for (std::int64_t g = 0; g < genes; ++g)
    EXPECT_NEAR(found->second(0, g), of_gene_1[g] + of_gene_2[g] - controls[g], 1e-6);
}

/// Two guides of one gene are no sum of two genes, and a held-out guide of a gene that trains is not unseen.
TEST_F(Predicted, TwoGuidesOfAGeneAreThatGene) {
  data.perturbations.parts[singles + 1] = {"g1_1", "g1_2"};
  const CellMoments train = cell_moments(data, split.train), test = cell_moments(data, split.test);
  const PredictionSet unseen = prediction_set(data, train, test, Held::unseen),
                      seen = prediction_set(data, train, test, Held::seen);
  EXPECT_EQ(std::ssize(unseen.perturbations), doubles - 1);
  EXPECT_EQ(unseen.perturbations[0], singles + 2);
  EXPECT_EQ(std::ssize(seen.perturbations), singles);
  const test::Judged judged = judge(data, split, {model("truth", 1)});
  EXPECT_EQ(judged.metric("additive", "unseen_perturbations"), doubles - 1);
}

TEST_F(Predicted, BeatsNeedsAllThree) {
  const test::Judged judged =
      judge(data, split, {model("truth", 1), model("sum", 1 / 1.5), model("none", 0)});
  EXPECT_TRUE(beats(judged, "truth", "control_mean", "unseen"));
  EXPECT_FALSE(beats(judged, "none", "control_mean", "unseen"));
  EXPECT_FALSE(beats(judged, "none", "linear", "unseen"));
  EXPECT_FALSE(beats(judged, "sum", "additive", "unseen")) << "the sum is what the additive baseline says";
  // The truth is nearer than the sum, but the order of distances is right for both: no verdict on all three.
  EXPECT_TRUE(judged.verdict("truth", "unseen_l2", "additive").beats);
  EXPECT_FALSE(judged.verdict("truth", "unseen_centroid_accuracy", "additive").beats);
  EXPECT_FALSE(beats(judged, "truth", "additive", "unseen"));
  EXPECT_FALSE(beats(judged, "sum", "training_mean", "seen"));
}

TEST_F(Predicted, EveryEntrySaysOverHowManyPerturbationsItsMeansAre) {
  data.perturbations.parts[singles + 2] = {"elsewhere"};  // one gene alone is no sum
  const test::Judged judged = judge(data, split, {model("truth", 1)});
  EXPECT_EQ(judged.metric("truth", "seen_perturbations"), singles);
  EXPECT_EQ(judged.metric("truth", "unseen_perturbations"), doubles);
  EXPECT_EQ(judged.metric("control_mean", "unseen_perturbations"), doubles);
  EXPECT_EQ(judged.metric("additive", "unseen_perturbations"), doubles - 1);
  EXPECT_FALSE(judged.has("additive", "seen_perturbations"));
}

TEST_F(Predicted, GroupsSayHowManyGenesWereSeen) {
  data.perturbations.parts[singles + 1] = {"g1", "elsewhere"};
  const test::Judged judged = judge(data, split, {model("truth", 1)});
  ASSERT_EQ(judged.evaluation.prediction_groups.size(), 2u);
  EXPECT_EQ(judged.evaluation.prediction_groups[0].name, "several_seen_1");
  EXPECT_EQ(judged.evaluation.prediction_groups[0].perturbations, 1);
  EXPECT_EQ(judged.evaluation.prediction_groups[1].name, "several_seen_2");
  EXPECT_EQ(judged.evaluation.prediction_groups[1].perturbations, doubles - 1);
  std::vector<std::string> who;
  for (const auto& [name, metrics] : judged.evaluation.prediction_groups[1].predicted) who.push_back(name);
  EXPECT_EQ(who, (std::vector<std::string>{"control_mean", "centroid_mean", "additive", "linear", "truth"}));
}

TEST_F(Predicted, RecoveryOfChangedGenes) {
  const test::Judged judged = judge(data, split, {model("truth", 1), model("against", -1)});
  EXPECT_EQ(judged.metric("against", "unseen_de_overlap"), judged.metric("truth", "unseen_de_overlap"))
      << "sizes alone";
  // Both say the same of all genes but the four that a double changes, all 30 of which are among the 50
  // changed most.
  EXPECT_NEAR(judged.metric("truth", "unseen_de_direction") - judged.metric("against", "unseen_de_direction"),
              4.0 / genes, 1e-6);
  EXPECT_GT(judged.metric("truth", "unseen_de_spearman"), 0.3);
  EXPECT_LT(judged.metric("against", "unseen_de_spearman"),
            judged.metric("truth", "unseen_de_spearman") - 0.3);
  EXPECT_GT(judged.metric("truth", "unseen_de_precision"), 3.9 / genes);
  EXPECT_LT(judged.metric("truth", "unseen_de_precision"), 0.5);
  EXPECT_LT(judged.metric("truth", "unseen_l2_de20"), judged.metric("truth", "unseen_l2"));
}

TEST_F(Predicted, WithoutAPredictingModelNothingIsSaid) {
  JudgedModel copy = model("copy", 1);
  copy.predict = nullptr;
  const test::Judged judged = judge(data, split, {copy});
  EXPECT_FALSE(judged.has("control_mean", "unseen_l2"));
  EXPECT_TRUE(judged.evaluation.prediction_verdicts.empty());
}

TEST_F(Predicted, AModelThatPredictsNaNFails) {
  JudgedModel broken = model("broken", 1);
  broken.predict = [](std::int32_t) { return std::vector<float>(genes, std::nanf("")); };
  const test::Judged judged = judge(data, split, {broken, model("truth", 1)});
  ASSERT_EQ(judged.evaluation.failed.size(), 1u);
  EXPECT_NE(judged.evaluation.failed[0].second.find("its prediction of g1 is not finite for gene g0"),
            std::string::npos);
}

}  // namespace
}  // namespace sparcell
