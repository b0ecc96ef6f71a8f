// What a whole evaluation promises: baselines, verdicts, errors, what is left out.
#include "sparcell/evaluate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "evaluate/world.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using test::judge;
using testing::HasSubstr;

struct Evaluating : testing::Test {
  Dataset data = test::dataset_of(test::normal_rows(700, 8, 2, 1, 1));  // two blocks of test cells
  Split split = test::split_at(100, 700);

  std::vector<JudgedModel> copies() const {
    return {test::mapping_model("copy", data, 2, [](float x) { return x; })};
  }
};

TEST_F(Evaluating, APerfectModelBeatsBothBaselines) {
  const test::Judged judged = judge(data, split, copies());
  EXPECT_EQ(judged.metric("copy", "mse"), 0);
  EXPECT_EQ(judged.metric("copy", "r2"), 1);
  EXPECT_NEAR(judged.metric("copy", "pearson_per_gene"), 1, 1e-12);
  EXPECT_TRUE(judged.verdict("copy", "mse", "gene_mean").beats);
  EXPECT_TRUE(judged.verdict("copy", "mse", "pca").beats);
  EXPECT_NEAR(judged.verdict("copy", "mse", "pca").difference, -judged.metric("pca", "mse"), 1e-12);
}

TEST_F(Evaluating, AModelThatIsTheBaselineDoesNotBeatIt) {
  const float mean = 2;
  const test::Judged judged =
      judge(data, split, {test::mapping_model("constant", data, 2, [&](float) { return mean; })});
  EXPECT_FALSE(judged.verdict("constant", "mse", "pca").beats);
  EXPECT_GT(judged.verdict("constant", "mse", "pca").low, 0);
  EXPECT_TRUE(judged.logged("constant has no pearson_per_gene"));
  EXPECT_EQ(judged.metric("constant", "pearson_undefined"), 8);
}

TEST_F(Evaluating, TheVerdictOnR2IsTheJackknifeOfTheWholeComputation) {
  const auto noisy = [](float x) { return x + 0.7f * std::sin(37.0f * x); };
  const Split whole = test::split_at(100, 140);  // 40 test cells: every group is one cell
  const auto difference = [&](const Split& split) {
    const test::Judged judged = judge(data, split, {test::mapping_model("noisy", data, 2, noisy)});
    return judged.metric("noisy", "r2_varying") - judged.metric("gene_mean", "r2_varying");
  };
  const double value = difference(whole);
  double mean = 0, squares = 0;
  std::vector<double> replicates;
  for (std::size_t left_out = 0; left_out < 40; ++left_out) {
    Split split = whole;
    split.test.erase(split.test.begin() + static_cast<std::ptrdiff_t>(left_out));
    replicates.push_back(difference(split));
    mean += replicates.back() / 40;
  }
  for (double replicate : replicates) squares += (replicate - mean) * (replicate - mean);
  const double half = 2.0226909 * std::sqrt(39.0 / 40 * squares);  // t of 39 degrees of freedom
  const test::Judged judged = judge(data, whole, {test::mapping_model("noisy", data, 2, noisy)});
  const Verdict& verdict = judged.verdict("noisy", "r2_varying", "gene_mean");
  EXPECT_NEAR(verdict.difference, value, 1e-12);
  EXPECT_NEAR(verdict.low, value - half, 1e-6);
  EXPECT_NEAR(verdict.high, value + half, 1e-6);
  EXPECT_TRUE(verdict.beats);
}

TEST_F(Evaluating, PcaHasEveryModelsLatentSize) {
  std::vector<JudgedModel> models = copies();
  models.push_back(test::mapping_model("wide", data, 5, [](float x) { return x; }));
  const test::Judged judged = judge(data, split, models);
  EXPECT_GT(judged.metric("pca", "mse"), judged.metric("pca_5", "mse"));
  EXPECT_NEAR(judged.verdict("wide", "mse", "pca").difference, -judged.metric("pca_5", "mse"), 1e-12);
}

TEST_F(Evaluating, TheNewsOfPcaIsThatOfTheBestModelsOwnSize) {
  std::vector<JudgedModel> models{
      test::mapping_model("small", data, 2, [](float x) { return x + 3; }),
      test::mapping_model("wide", data, 6, [](float x) { return x + (std::sin(99 * x) > 0 ? 2.f : -2.f); })};
  const test::Judged judged = judge(data, split, models);
  EXPECT_EQ(
      headline(judged.evaluation)[0],
      fmt::format("PCA with 6 components wins the reconstruction: its mean squared error is {:.3g}, the "
                  "best model's (wide) 4.",
                  judged.metric("pca_6", "mse")));
}

TEST_F(Evaluating, PcaOfAllGenesIsExact) {
  std::vector<JudgedModel> models = copies();
  models[0].latent = 8;
  EXPECT_NEAR(judge(data, split, models).metric("pca", "mse"), 0, 1e-11);
}

TEST_F(Evaluating, CellsThatAreRealAreAsGoodAsRealCellsAndCollapsedOnesAreNot) {
  const auto real = test::normal_rows(600, 8, 2, 1, 7);
  const std::vector<std::vector<double>> collapsed(600, std::vector<double>(8, 2.0));
  const test::Judged judged = judge(
      data, split, {test::generating_model("real", real), test::generating_model("collapsed", collapsed)});
  EXPECT_NEAR(judged.metric("split_half", "energy_distance"), 0, 0.02);
  EXPECT_NEAR(judged.metric("real", "energy_distance"), 0, 0.02);
  EXPECT_NEAR(judged.metric("real", "variance_ratio"), 1, 0.1);
  EXPECT_LE(judged.verdict("real", "energy_distance", "split_half").low, 0);
  EXPECT_GT(judged.verdict("collapsed", "energy_distance", "split_half").low, 0.5);
  EXPECT_NEAR(judged.metric("collapsed", "variance_ratio"), 0, 1e-12);
  EXPECT_FALSE(judged.has("collapsed", "mean_pearson_squared"));  // constant means have no correlation
}

TEST_F(Evaluating, MoreCellsAreGeneratedThanThereAreTestCells) {
  const Split half = test::split_at(460, 700);  // 240 test cells
  std::vector<std::vector<double>> cells(720, std::vector<double>(8, 2.0));
  std::fill_n(cells.begin(), 240, std::vector<double>(8, 0.0));
  const auto judged = [&](std::int64_t per_cell) {
    return judge(data, half, {test::generating_model("zeros", cells)}, {.generated_per_test_cell = per_cell});
  };
  const test::Judged one = judged(1), two = judged(2), three = judged(3);
  EXPECT_NEAR(one.metric("zeros", "exact_zero_fraction_error"), 1, 1e-12);
  EXPECT_NEAR(three.metric("zeros", "exact_zero_fraction_error"), 1.0 / 3, 1e-12);
  EXPECT_LT(three.metric("zeros", "energy_distance"), one.metric("zeros", "energy_distance") / 2);
  EXPECT_NE(two.metric("gaussian_pca", "energy_distance"), three.metric("gaussian_pca", "energy_distance"));
  // 460 training cells give 240 cells once and not 480.
  for (const test::Judged* more : {&two, &three}) {
    EXPECT_EQ(more->metric("training_cells", "energy_distance"), one.metric("training_cells", "energy_distance"));
    EXPECT_TRUE(std::isfinite(more->verdict("zeros", "energy_distance", "training_cells").low));
  }
  EXPECT_EQ(three.metric("split_half", "energy_distance"), one.metric("split_half", "energy_distance"));
}

TEST_F(Evaluating, AVaeIsJudgedAtItsMeanToo) {
  JudgedModel vae = test::mapping_model("vae", data, 2, [](float x) { return x + 0.5f; });
  vae.reconstruct_at_mean = test::mapping_model("", data, 2, [](float x) { return x + 0.25f; }).reconstruct;
  const test::Judged judged = judge(data, split, {vae});
  EXPECT_NEAR(judged.metric("vae", "mse"), 0.25, 1e-6);
  EXPECT_NEAR(judged.metric("vae", "mse_at_mean"), 0.0625, 1e-6);
}

TEST_F(Evaluating, OnlyWantedMetricsAreListedWithTheirDefinition) {
  std::vector<JudgedModel> models = copies();
  models.push_back(test::generating_model("gan", test::normal_rows(600, 8, 2, 1, 3)));
  const test::Judged judged =
      judge(data, split, models, {.metrics = {"mae", "energy_distance"}, .components = 3});
  EXPECT_EQ(judged.evaluation.models[0].second.size(), 1u);
  ASSERT_EQ(judged.evaluation.metrics.size(), 2u);
  EXPECT_EQ(judged.evaluation.metrics[1].name, "edistance_euclidean_unbiased_pca3_v1");
  EXPECT_EQ(judged.evaluation.verdicts.size(), 4u);  // against real halves and three baselines
}

/// Training cells differ in the first gene, validation cells in the second, test cells in none.
class ComponentsOfCells : public testing::Test {
 protected:
  ComponentsOfCells() {
    std::vector<std::vector<double>> rows;
    const auto add = [&](std::vector<std::int32_t>& part, std::vector<double> cell) {
      part.push_back(static_cast<std::int32_t>(rows.size()));
      rows.push_back(std::move(cell));
    };
    for (int i = 0; i < 20; ++i) add(split.train, {i % 2 == 0 ? 1.0 : 7.0, 0, 2});
    for (int i = 0; i < 20; ++i) add(split.validation, {4, i % 2 == 0 ? 1.0 : 5.0, 2});
    for (int i = 0; i < 20; ++i) add(split.test, {4, 1, 2});
    data = test::dataset_of(rows);
  }
  /// Of a model whose cells are so far from the test cells.
  static JudgedModel moved(const char* name, double first, double second) {
    return test::generating_model(name, std::vector<std::vector<double>>(20, {4 + first, 1 + second, 2}));
  }
  test::Judged judged(ComponentsOf of) const {
    return test::judge(data, split, {moved("first", 5, 0), moved("second", 0, 4)},
                       {.metrics = {"energy_distance"}, .components = 1, .components_of = of});
  }

  Dataset data;
  Split split;
};

TEST_F(ComponentsOfCells, AreThoseOfTrainingOrOfValidationCells) {
  const test::Judged training = judged(ComponentsOf::train), validation = judged(ComponentsOf::validation);
  EXPECT_NEAR(training.metric("first", "energy_distance"), 2 * 5, 1e-5);
  EXPECT_NEAR(training.metric("second", "energy_distance"), 0, 1e-5);
  EXPECT_NEAR(validation.metric("first", "energy_distance"), 0, 1e-5);
  EXPECT_NEAR(validation.metric("second", "energy_distance"), 2 * 4, 1e-5);
  // The Gaussian has the mean and the variance of training cells, which do not differ in the second gene.
  EXPECT_NEAR(validation.metric("gaussian_pca", "energy_distance"), 2 * 1, 1e-5);
  EXPECT_NEAR(validation.metric("training_cells", "energy_distance"), 2 * 1, 1e-5);
  EXPECT_EQ(training.evaluation.metrics[0].name, "edistance_euclidean_unbiased_pca1_v1");
  EXPECT_EQ(validation.evaluation.metrics[0].name, "edistance_euclidean_unbiased_pca1_validation_v1");
  EXPECT_THAT(validation.evaluation.metrics[0].definition,
              testing::HasSubstr("in 1 principal components of the validation cells"));
  // Cells are shown in components of training cells either way.
  EXPECT_EQ(validation.evaluation.pca.components.values, training.evaluation.pca.components.values);
}

TEST_F(ComponentsOfCells, NeedTwoCells) {
  split.validation.resize(1);
  EXPECT_NO_THROW(judged(ComponentsOf::train));
  EXPECT_THAT(error_of([&] { judged(ComponentsOf::validation); }),
              testing::HasSubstr("two validation cells, there are 1"));
}

TEST_F(Evaluating, ResultsAreTheSameBitsForEveryRunAndOrderOfModels) {
  const auto gan = test::generating_model("gan", test::normal_rows(600, 8, 2, 1, 3));
  const auto copy = copies()[0];
  const test::Judged first = judge(data, split, {copy, gan}), second = judge(data, split, {gan, copy});
  EXPECT_EQ(first.evaluation.models[0].second, second.evaluation.models[1].second);
  EXPECT_EQ(first.evaluation.models[1].second, second.evaluation.models[0].second);
  EXPECT_EQ(first.verdict("gan", "energy_distance", "split_half").low,
            second.verdict("gan", "energy_distance", "split_half").low);
  const test::Judged third = judge(data, split, {copy, gan}, {}, 2),
                     fourth = judge(data, split, {copy, gan}, {}, 2);
  EXPECT_EQ(third.evaluation.models, fourth.evaluation.models);
  EXPECT_EQ(third.evaluation.baselines, fourth.evaluation.baselines);
  EXPECT_NEAR(third.metric("gan", "energy_distance"), first.metric("gan", "energy_distance"), 1e-5);
}

TEST_F(Evaluating, AnUnknownMetricIsNamedWithTheNearest) {
  EXPECT_EQ(error_of(
                [] {
                  check_metrics({.metrics = {"mse", "energy_distnce"}});
                },
                ExitCode::usage),
            "evaluate.metrics: there is no metric energy_distnce; did you mean energy_distance?");
  EXPECT_THAT(error_of([] { check_metrics({.metrics = {}}); }, ExitCode::usage),
              HasSubstr("evaluate.metrics is empty"));
  EXPECT_THAT(error_of([&] { judge(data, split, copies(), {.metrics = {"msr"}}); }, ExitCode::usage),
              HasSubstr("mse"));
}

TEST_F(Evaluating, AValueThatIsNotFiniteNamesModelAndFirstCell) {
  JudgedModel broken = copies()[0];
  broken.name = "ae";
  broken.reconstruct = [](std::span<const std::int32_t> cells, MatrixView<float> out) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      for (std::int64_t g = 0; g < out.cols; ++g) out(i, g) = cells[i] >= 650 && g == 3 ? NAN : 0.0f;
    }
  };
  const std::string sentence = error_of([&] { judge(data, split, {broken}); }, ExitCode::numerical);
  EXPECT_THAT(sentence, HasSubstr("model ae"));
  EXPECT_THAT(sentence, HasSubstr("cell c650 (row 650"));

  auto rows = test::normal_rows(600, 8, 2, 1, 3);
  rows[555][2] = std::numeric_limits<double>::infinity();
  EXPECT_THAT(
      error_of([&] { judge(data, split, {test::generating_model("gan", rows)}); }, ExitCode::numerical),
      HasSubstr("model gan: its generated cell 555"));
}

TEST_F(Evaluating, MetricsThatNeedMoreCellsAreLeftOutWithALine) {
  const test::Judged judged =
      judge(data, test::split_at(697, 700),
            {copies()[0], test::generating_model("gan", test::normal_rows(3, 8, 2, 1, 3))});
  EXPECT_FALSE(judged.has("gan", "energy_distance"));
  EXPECT_TRUE(judged.has("gan", "variance_ratio"));
  EXPECT_TRUE(judged.logged("gan has no energy_distance: it needs 4 test cells, there are 3"));
  const test::Judged one = judge(data, test::split_at(699, 700), copies());
  EXPECT_TRUE(one.has("copy", "mse"));
  EXPECT_FALSE(one.has("copy", "r2"));
  EXPECT_TRUE(one.evaluation.verdicts.empty());
  EXPECT_TRUE(one.logged("no verdict on the mse of copy against pca: it needs 8 test cells"));
}

TEST_F(Evaluating, FewTrainingCellsGiveFewComponentsWithALine) {
  const test::Judged judged = judge(data, test::split_at(4, 700), copies());
  EXPECT_EQ(judged.evaluation.pca.components.rows, 3);
  EXPECT_TRUE(judged.logged("3 principal components instead of 50"));
  EXPECT_THAT(error_of([&] { judge(data, test::split_at(1, 700), copies()); }),
              HasSubstr("two training cells"));
  Split none = test::split_at(700, 700);
  EXPECT_THAT(error_of([&] { judge(data, none, copies()); }), HasSubstr("no test cells"));
}

TEST_F(Evaluating, ConstantCellsHaveNoComponentsAndNoDistance) {
  const Dataset constant =
      test::dataset_of(std::vector<std::vector<double>>(40, std::vector<double>(5, 1.5)));
  std::vector<JudgedModel> models{test::mapping_model("copy", constant, 2, [](float x) { return x; })};
  models.push_back(test::generating_model("gan", test::normal_rows(20, 5, 0, 1, 1)));
  const test::Judged judged = judge(constant, test::split_at(20, 40), models);
  EXPECT_EQ(judged.metric("pca", "mse"), 0);
  EXPECT_EQ(judged.metric("copy", "r2"), 1);
  EXPECT_FALSE(judged.has("copy", "r2_varying"));
  EXPECT_FALSE(judged.has("gan", "energy_distance"));
  EXPECT_FALSE(judged.has("gan", "variance_ratio"));
}

TEST_F(Evaluating, TheTableOfGenesQuotesNamesAndLeavesUndefinedValuesOut) {
  TemporaryFolder folder;
  data.genes.names[1] = "a,\"b\"";
  Evaluation evaluation;
  evaluation.per_gene = {{"x", std::vector<double>(8, 0.5)}, {"y", std::vector<double>(8, std::nan(""))}};
  write_per_gene(folder / "per_gene.csv", data, evaluation);
  EXPECT_THAT(file_bytes(folder / "per_gene.csv"),
              testing::StartsWith("gene,x,y\ng0,0.5,\n\"a,\"\"b\"\"\",0.5,\n"));
  EXPECT_THAT(error_of([&] { write_per_gene(folder / "none/per_gene.csv", data, evaluation); }),
              HasSubstr("per_gene.csv"));
}

}  // namespace
}  // namespace sparcell
