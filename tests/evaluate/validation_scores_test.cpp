// What runs may be chosen by, against arithmetic and against its parts.
#include "evaluate/validation_scores.h"

#include <gmock/gmock.h>

#include <cmath>

#include "world.h"

namespace sparcell::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

constexpr std::int64_t cells = 60, genes = 5;

class ValidationScoresOf : public testing::Test {
 protected:
  ValidationScoresOf() {
    split.train = cells_from(0, 20);
    split.validation = cells_from(20, 40);
    split.test = cells_from(40, cells);
  }

  static std::vector<std::int32_t> cells_from(std::int32_t first, std::int32_t end) {
    std::vector<std::int32_t> rows(static_cast<std::size_t>(end - first));
    std::iota(rows.begin(), rows.end(), first);
    return rows;
  }
  Metrics of(const JudgedModel& model) {
    return ValidationScores(context, data, split, options, 3, log).of(model);
  }

  Context context{{}, 1};
  Dataset data = dataset_of(normal_rows(cells, genes, 5, 1, 1));
  Split split;
  EvaluateOptions options;
  std::vector<std::string> lines;
  Log log{[this](Log::Level, const std::string& line) { lines.push_back(line); }};
};

/// The reconstruction is off by 0.5 in validation cells and by 100 in all others.
TEST_F(ValidationScoresOf, AReconstructionAreErrorsOfValidationCellsAlone) {
  JudgedModel model = mapping_model("ae", data, 2, [](float value) { return value; });
  const auto exact = model.reconstruct;
  model.reconstruct = [exact](std::span<const std::int32_t> rows, MatrixView<float> out) {
    exact(rows, out);
    for (std::int64_t i = 0; i < out.rows; ++i) {
      const std::int32_t cell = rows[static_cast<std::size_t>(i)];
      for (std::int64_t g = 0; g < out.cols; ++g) out(i, g) += cell >= 20 && cell < 40 ? 0.5f : 100.0f;
    }
  };
  const Metrics metrics = of(model);
  ASSERT_EQ(metrics.size(), 1u);
  EXPECT_EQ(metrics[0].first, "mse");
  EXPECT_NEAR(metrics[0].second, 0.25, 1e-5);
}

TEST_F(ValidationScoresOf, ALikelihoodAreItsMeanBounds) {
  JudgedModel model;
  model.name = "vae";
  model.likelihood = [](std::span<const std::int32_t> rows, std::int64_t draws) {
    CellLikelihoods all;
    for (const std::int32_t cell : rows) all.iwelbo.push_back(-cell - static_cast<double>(draws));
    return all;
  };
  EXPECT_THAT(of(model), ElementsAre(Pair("iwelbo", testing::DoubleNear(-29.5 - iwelbo_draws, 1e-9))));
}

TEST_F(ValidationScoresOf, GeneratedCellsAreTheirDistance) {
  const ValidationDistance distance(context, data.x, split.validation, options.components, 3, log);
  const auto rows = normal_rows(distance.cells(), genes, 4, 2, 9);
  Matrix<float> generated(distance.cells(), genes);
  for (std::int64_t r = 0; r < generated.rows; ++r) {
    for (std::int64_t g = 0; g < genes; ++g) generated(r, g) = static_cast<float>(rows[r][g]);
  }
  EXPECT_THAT(of(generating_model("gan", rows)),
              ElementsAre(Pair("energy_distance", distance.of(generated))));
}

TEST_F(ValidationScoresOf, WhatIsNotWantedOrCannotBeIsLeftOut) {
  const JudgedModel model = generating_model("gan", normal_rows(cells, genes, 4, 2, 9));
  options.metrics = {"mse"};
  EXPECT_THAT(of(model), IsEmpty());
  options.metrics = {"all"};
  split.validation = cells_from(20, 25);
  EXPECT_THAT(of(model), IsEmpty());
  EXPECT_THAT(lines.back(), HasSubstr("gan has no energy distance to validation cells: it takes 6 of them, "
                                      "there are 5"));
  split.validation.clear();
  EXPECT_THAT(of(model), IsEmpty());
}

TEST_F(ValidationScoresOf, AValueThatIsNotFiniteIsSaid) {
  EXPECT_THAT(of(mapping_model("ae", data, 2, [](float) { return std::nanf(""); })), IsEmpty());
  EXPECT_THAT(lines.back(), HasSubstr("model ae: its reconstruction of cell c20 (row 20 of the data) holds a "
                                      "value that is not finite"));
  EXPECT_THAT(lines.back(), HasSubstr("it has no metrics of validation cells"));
}

}  // namespace
}  // namespace sparcell::test
