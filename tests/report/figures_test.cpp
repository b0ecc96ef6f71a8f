#include "report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "run_sample.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t all_points = 1'000'000;

class Figures : public testing::Test {
 protected:
  RunFolder written(const RunSample& sample) {
    write_run(folder_.path().string(), sample);
    return open_run(folder_.path().string());
  }

  TemporaryFolder folder_;
};

// The panel of that name; its axes span about ten units, so that its coordinates have three decimals.
Json space_named(const Json& cells, const std::string& name) {
  for (const Json& space : cells["spaces"]) {
    if (space["name"] == name) return space;
  }
  return nullptr;
}

TEST_F(Figures, EachCellIsAPointWithItsLabels) {
  const Json cells = cell_scatter(written({}), all_points);
  EXPECT_EQ(cells["total"], 60);
  EXPECT_THAT(cells["perturbations"], ElementsAre("P1", "P2", "P3", "control"));
  EXPECT_THAT(cells["splits"], ElementsAre("train", "test"));
  ASSERT_EQ(cells["spaces"].size(), 3u);  // PCA, ae, vae; a GAN has no latent space of cells
  const Json vae = space_named(cells, "X_vae_pca2");
  for (std::int64_t cell = 0; cell < 60; ++cell) {
    EXPECT_EQ(cells["split"][cell], cell % 2);
    EXPECT_EQ(cells["perturbations"][cells["perturbation"][cell].get<int>()],
              cell % 4 == 0 ? "control" : fmt::format("P{}", cell % 4));
    EXPECT_NEAR(vae["x"][cell], coordinate_of(cell, 0, 2), 1e-3);
    EXPECT_NEAR(vae["y"][cell], coordinate_of(cell, 1, 2), 1e-3);
  }
}

TEST_F(Figures, ManyCellsAreDrawnAtRandomAndTheSameEachTime) {
  RunSample sample;
  sample.cells = 5000;
  const RunFolder run = written(sample);
  const Json cells = cell_scatter(run, 1000);
  EXPECT_EQ(cells["total"], 5000);
  EXPECT_EQ(cells["perturbation"].size(), 1000u);
  EXPECT_EQ(space_named(cells, "X_pca")["x"].size(), 1000u);
  EXPECT_EQ(cells, cell_scatter(run, 1000));
  std::vector<int> of_perturbation(4, 0);
  for (const Json& code : cells["perturbation"]) ++of_perturbation[code.get<int>()];
  // A fair draw of 1,000 from 4 equal groups has a standard deviation of 12.
  for (const int count : of_perturbation) EXPECT_NEAR(count, 250, 60);
}

TEST_F(Figures, PerturbationsAreCountedOverAllCells) {
  RunSample sample;
  sample.cells = 62;  // control and P1 have one more
  const Json table = perturbation_counts(written(sample));
  ASSERT_EQ(table.size(), 4u);
  EXPECT_EQ(table[0], Json::parse(R"({"label": "P1", "cells": 16, "train": 0, "test": 16})"));
  EXPECT_EQ(table[1], Json::parse(R"({"label": "control", "cells": 16, "train": 16, "test": 0})"));
  EXPECT_EQ(table[3], Json::parse(R"({"label": "P3", "cells": 15, "train": 0, "test": 15})"));
}

TEST_F(Figures, GeneratedCellsStandOverAsManyTestCells) {
  const RunFolder run = written({});
  const Json all = generated_scatter(run, all_points);
  ASSERT_EQ(all["models"].size(), 2u);
  EXPECT_EQ(all["real"]["total"], 30);
  EXPECT_EQ(all["models"][1]["model"], "gan");
  for (std::int64_t i = 0; i < 30; ++i) {
    EXPECT_NEAR(all["real"]["x"][i], coordinate_of(2 * i + 1, 0, 0),
                1e-3);  // every second cell is a test cell
    EXPECT_NEAR(all["models"][1]["y"][i], coordinate_of(i, 1, 13), 1e-3);
  }
  const Json few = generated_scatter(run, 20);
  EXPECT_EQ(few["real"]["x"].size(), 10u);
  EXPECT_EQ(few["models"][0]["x"].size(), 10u);
  EXPECT_EQ(few["models"][0]["total"], 30);
}

TEST_F(Figures, EveryLossPartHasItsCurve) {
  const Json curves = training_curves(written({}));
  std::vector<std::string> of_vae;
  for (const Json& curve : curves["vae"])
    of_vae.push_back(curve["name"].get<std::string>() + " " + curve["split"].get<std::string>());
  EXPECT_THAT(of_vae, ElementsAre("loss train", "kl train", "kl_weight train", "learning_rate train",
                                  "gradient_norm train", "loss validation"));
  EXPECT_EQ(curves["gan"][0]["name"], "learning_rate");
  EXPECT_EQ(curves["ae"][0]["axis"], "epoch");
  EXPECT_THAT(curves["ae"][0]["x"], ElementsAre(0, 1, 2, 3, 4));
  EXPECT_THAT(curves["ae"][0]["y"], ElementsAre(0.333333, 0.25, 0.2, 0.166667, 0.142857));
}

TEST_F(Figures, SeveralValuesInAnEpochAreShownByStep) {
  const RunFolder run = written({});
  write_file(folder_ / "metrics.csv",
             "epoch,step,model,split,name,value\n0,10,ae,train,loss,3\n0,20,ae,train,loss,nan\n1,30,ae,train,"
             "loss,1\n");
  const Json curve = training_curves(run)["ae"][0];
  EXPECT_EQ(curve["axis"], "step");
  EXPECT_THAT(curve["x"], ElementsAre(10, 20, 30));
  EXPECT_THAT(curve["y"], ElementsAre(3, nullptr, 1));
}

TEST_F(Figures, LongCurvesAreThinnedAndKeepTheirEnds) {
  RunSample sample;
  sample.epochs = 4001;
  const Json curve = training_curves(written(sample))["ae"][0];
  EXPECT_LE(curve["x"].size(), 1501u);
  EXPECT_GE(curve["x"].size(), 1000u);
  EXPECT_EQ(curve["x"].size(), curve["y"].size());
  EXPECT_EQ(curve["x"].front(), 0);
  EXPECT_EQ(curve["x"].back(), 4000);
}

TEST_F(Figures, GenesKeepTheirColumns) {
  const Json genes = gene_columns(written({}));
  EXPECT_EQ(genes["names"].size(), 12u);
  EXPECT_EQ(genes["names"][11], "G11");
  EXPECT_THAT(genes["columns"]["gan_zero_fraction"][3], 0.2381);  // 1 / 4.2
  EXPECT_TRUE(genes["columns"]["ae_r2"][0].is_null());            // an empty field
}

TEST_F(Figures, ADamagedFileIsNamedWithItsLine) {
  const RunFolder run = written({});
  write_file(folder_ / "per_gene.csv", "gene,mean_real\nA,0.5\nB,half\n");
  EXPECT_THAT(error_of([&] { gene_columns(run); }),
              HasSubstr("per_gene.csv:3: `half` in column `mean_real`"));
  write_file(folder_ / "per_gene.csv", "gene,mean_real\nA,0.5,7\n");
  EXPECT_THAT(error_of([&] { gene_columns(run); }),
              HasSubstr("per_gene.csv:2: 3 fields where the header has 2"));
  write_file(folder_ / "metrics.csv", "epoch,step\n");
  EXPECT_THAT(error_of([&] { training_curves(run); }),
              HasSubstr("metrics.csv:1: the header has no column `model`"));
}

TEST(Rounded, SignificantDigitsAndNullForWhatIsNoNumber) {
  const double none = std::numeric_limits<double>::quiet_NaN(),
               endless = std::numeric_limits<double>::infinity();
  EXPECT_THAT(rounded({0.000123456, -98765.4321, 3, none, endless, 0, 5e-324}, 3),
              ElementsAre(0.000123, -98800, 3, nullptr, nullptr, 0, 5e-324));
}

}  // namespace
}  // namespace sparcell
