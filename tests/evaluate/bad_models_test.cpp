// Models that give values that are not finite, and cells that cannot be judged: named, and the rest is
// judged.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "evaluate/world.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using test::judge;
using testing::Contains;
using testing::HasSubstr;

struct BadModels : testing::Test {
  Dataset data = test::dataset_of(test::normal_rows(120, 8, 2, 1, 1));
  Split split = test::split_at(60, 120);

  void SetUp() override {
    data.perturbations.names = {"control", "A", "B"};
    data.perturbations.parts = {{}, {"A"}, {"B"}};
    for (std::int32_t c = 0; c < 120; ++c) data.perturbations.of_cell.push_back(c % 3);
  }

  JudgedModel whole(const std::string& name) const {
    JudgedModel model = test::mapping_model(name, data, 2, [](float x) { return 0.5f * x; });
    model.generate = test::generating_model("", test::normal_rows(60, 8, 2, 1, 5)).generate;
    model.encode = [](std::span<const std::int32_t> cells) {
      Matrix<float> values(std::ssize(cells), 2);
      for (std::int64_t i = 0; i < values.rows; ++i) values(i, 0) = static_cast<float>(cells[i] % 7);
      return values;
    };
    return model;
  }
};

TEST_F(BadModels, AreMarkedFailedWithNothingOfTheirsLeftAndTheOthersAreJudged) {
  JudgedModel reconstructs = whole("reconstructs"), generates = whole("generates"),
              encodes = whole("encodes");
  reconstructs.reconstruct = [](std::span<const std::int32_t>, MatrixView<float> out) {
    std::fill_n(out.data, out.size(), std::nanf(""));
  };
  generates.generate = [](std::int64_t, MatrixView<float> out) {
    std::fill_n(out.data, out.size(), INFINITY);
  };
  encodes.encode = [](std::span<const std::int32_t> cells) {
    return Matrix<float>(std::ssize(cells), 2, std::nanf(""));
  };
  const test::Judged alone = judge(data, split, {whole("good")});
  const test::Judged judged = judge(data, split, {reconstructs, whole("good"), generates, encodes});
  ASSERT_EQ(judged.evaluation.failed.size(), 3u);
  EXPECT_THAT(judged.evaluation.failed[0].second,
              HasSubstr("model reconstructs: its reconstruction of cell c60"));
  EXPECT_THAT(judged.evaluation.failed[1].second, HasSubstr("model generates: its generated cell 0"));
  EXPECT_THAT(judged.evaluation.failed[2].second, HasSubstr("model encodes: its latent space"));
  EXPECT_EQ(judged.evaluation.models, alone.evaluation.models);
  EXPECT_EQ(judged.evaluation.baselines, alone.evaluation.baselines);
  EXPECT_EQ(judged.evaluation.verdicts.size(), alone.evaluation.verdicts.size());
  EXPECT_EQ(judged.evaluation.per_gene.size(), alone.evaluation.per_gene.size());
  EXPECT_EQ(judged.evaluation.per_perturbation.columns.size(),
            alone.evaluation.per_perturbation.columns.size());
  EXPECT_THAT(headline(judged.evaluation), Contains(HasSubstr("generates failed and is not judged")));
  EXPECT_TRUE(judged.logged("the other models are judged"));
}

TEST_F(BadModels, AllOfThemEndTheEvaluation) {
  JudgedModel encodes = whole("encodes");
  encodes.encode = [](std::span<const std::int32_t> cells) {
    Matrix<float> values(std::ssize(cells), 2);
    for (std::size_t i = 0; i < cells.size(); ++i) values(i, 1) = cells[i] == 70 ? INFINITY : 0.0f;
    return values;
  };
  EXPECT_THAT(error_of([&] { judge(data, split, {encodes}); }, ExitCode::numerical),
              HasSubstr("not finite at cell c70 (row 70 of the data)"));
}

TEST_F(BadModels, OnePerturbationHasNoLatentScoresAndSaysSo) {
  std::fill(data.perturbations.of_cell.begin(), data.perturbations.of_cell.end(), 1);
  const test::Judged judged = judge(data, split, {whole("good")});
  EXPECT_FALSE(judged.has("good", "silhouette"));
  EXPECT_TRUE(judged.logged("the latent space of good is not judged: it needs two perturbations"));
  EXPECT_TRUE(judged.has("good", "pseudobulk_l2"));
  EXPECT_FALSE(judged.has("good", "centroid_accuracy"));
}

TEST_F(BadModels, AGeneThatIsConstantIsCountedAndLeftOut) {
  for (std::int64_t c = 0; c < data.x.rows; ++c) {
    for (std::int64_t p = data.x.offsets[c]; p < data.x.offsets[c + 1]; ++p) {
      if (data.x.indices[p] == 4) data.x.values[p] = 1.25f;
    }
  }
  const test::Judged judged = judge(data, split, {whole("good")});
  EXPECT_EQ(judged.metric("good", "varying_genes"), 7);
  EXPECT_EQ(judged.metric("good", "pearson_undefined"), 1);
  EXPECT_TRUE(std::isfinite(judged.metric("good", "correlation_agreement")));
}

}  // namespace
}  // namespace sparcell
