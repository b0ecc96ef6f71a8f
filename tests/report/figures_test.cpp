#include "report/figures.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <limits>
#include <random>

#include "report/density.h"
#include "run_sample.h"
#include "sparcell/anndata.h"
#include "support/temporary.h"

namespace sparcell {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t all_points = 1'000'000;

// The numbers of an array as the page reads them.
std::vector<double> numbers(const Arrays& arrays, const Json& place) {
  const std::size_t at = place["at"], count = place["count"], width = place["bytes"];
  std::vector<double> values;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t code = 0;
    for (std::size_t byte = 0; byte < width; ++byte)
      code |= static_cast<std::uint32_t>(static_cast<unsigned char>(arrays.bytes()[at + byte * count + i]))
              << (8 * byte);
    const bool missing = code == (std::uint64_t{1} << (8 * width)) - 1;
    values.push_back(!place.contains("step") ? std::bit_cast<float>(code)
                     : missing               ? std::nan("")
                               : place["low"].get<double>() + place["step"].get<double>() * code);
  }
  return values;
}

class Figures : public testing::Test {
 protected:
  RunFolder written(const RunSample& sample) {
    write_run(folder_.path().string(), sample);
    return open_run(folder_.path().string());
  }

  std::vector<double> read(const Json& place) const { return numbers(arrays_, place); }
  RunExpression expression(const RunFolder& run) const {
    const Table obs = read_obs(*run.file("latent.h5ad"));
    return read_expression(run, Labels(obs, "perturbation"), Labels(obs, "split")).value();
  }

  TemporaryFolder folder_;
  Arrays arrays_;
};

// The panel of that name; its axes span about ten units, so that steps of their 4,094th part are below 0.003.
Json space_named(const Json& cells, const std::string& name) {
  for (const Json& space : cells["spaces"]) {
    if (space["name"] == name) return space;
  }
  return nullptr;
}

TEST_F(Figures, EachCellIsAPointWithItsLabels) {
  const Json cells = cell_scatter(written({}), nullptr, all_points, arrays_);
  EXPECT_EQ(cells["total"], 60);
  EXPECT_THAT(cells["perturbations"], ElementsAre("P1", "P2", "P3", "control"));
  EXPECT_THAT(cells["splits"], ElementsAre("train", "test"));
  ASSERT_EQ(cells["spaces"].size(), 3u);  // PCA, ae, vae; a GAN has no latent space of cells
  const Json vae = space_named(cells, "X_vae_pca2");
  const auto perturbation = read(cells["perturbation"]), split = read(cells["split"]), x = read(vae["x"]),
             y = read(vae["y"]);
  for (std::int64_t cell = 0; cell < 60; ++cell) {
    EXPECT_EQ(split[cell], cell % 2);
    EXPECT_EQ(cells["perturbations"][static_cast<int>(perturbation[cell])],
              cell % 4 == 0 ? "control" : fmt::format("P{}", cell % 4));
    EXPECT_NEAR(x[cell], coordinate_of(cell, 0, 2), 2e-3);
    EXPECT_NEAR(y[cell], coordinate_of(cell, 1, 2), 2e-3);
  }
}

TEST_F(Figures, ManyCellsAreDrawnAtRandomAndTheSameEachTime) {
  RunSample sample;
  sample.cells = 5000;
  const RunFolder run = written(sample);
  const Json cells = cell_scatter(run, nullptr, 1000, arrays_);
  EXPECT_EQ(cells["total"], 5000);
  EXPECT_EQ(space_named(cells, "X_pca")["x"]["count"], 1000);
  Arrays again;
  EXPECT_EQ(cells, cell_scatter(run, nullptr, 1000, again));
  EXPECT_EQ(again.bytes(), arrays_.bytes());
  std::vector<int> of_perturbation(4, 0);
  for (const double code : read(cells["perturbation"])) ++of_perturbation[static_cast<int>(code)];
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
  const Json all = generated_scatter(run, all_points, arrays_);
  ASSERT_EQ(all["models"].size(), 2u);
  EXPECT_EQ(all["real"]["total"], 30);
  EXPECT_EQ(all["models"][1]["model"], "gan");
  const auto x = read(all["real"]["x"]), y = read(all["models"][1]["y"]);
  for (std::int64_t i = 0; i < 30; ++i) {
    EXPECT_NEAR(x[i], coordinate_of(2 * i + 1, 0, 0), 2e-3);  // every second cell is a test cell
    EXPECT_NEAR(y[i], coordinate_of(i, 1, 13), 2e-3);
  }
  const Json few = generated_scatter(run, 20, arrays_);
  EXPECT_EQ(few["real"]["x"]["count"], 10);
  EXPECT_EQ(few["models"][0]["x"]["count"], 10);
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
             "epoch,step,model,split,name,value\n"
             "0,10,ae,train,loss,3\n"
             "0,20,ae,train,loss,nan\n"
             "1,30,ae,train,loss,1\n");
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
  const Json genes = gene_columns(written({}), arrays_);
  EXPECT_EQ(genes["names"].size(), 12u);
  EXPECT_EQ(genes["names"][11], "G11");
  EXPECT_NEAR(read(genes["columns"]["gan_zero_fraction"])[3], 1 / 4.2, 1e-4 / 4.2);
  EXPECT_TRUE(std::isnan(read(genes["columns"]["ae_r2"])[0]));  // an empty field
}

TEST_F(Figures, ADamagedFileIsNamedWithItsLine) {
  const RunFolder run = written({});
  write_file(folder_ / "per_gene.csv", "gene,mean_real\nA,0.5\nB,half\n");
  EXPECT_THAT(error_of([&] { gene_columns(run, arrays_); }),
              HasSubstr("per_gene.csv:3: `half` in column `mean_real`"));
  write_file(folder_ / "per_gene.csv", "gene,mean_real\nA,0.5,7\n");
  EXPECT_THAT(error_of([&] { gene_columns(run, arrays_); }),
              HasSubstr("per_gene.csv:2: 3 fields where the header has 2"));
  write_file(folder_ / "metrics.csv", "epoch,step\n");
  EXPECT_THAT(error_of([&] { training_curves(run); }),
              HasSubstr("metrics.csv:1: the header has no column `model`"));
}

// Genes of the sample's cells: what run_sample.h says.
TEST_F(Figures, TotalsAreSumsOfCountsAndDetectedGenes) {
  RunSample sample;
  sample.expression = true;
  const RunExpression all = expression(written(sample));
  ASSERT_EQ(all.real.totals.library_size.size(), 60u);
  for (std::int64_t cell = 0; cell < 60; ++cell) {
    double sum = 0, genes = 0;
    for (std::int64_t g = 0; g < sample.genes; ++g) {
      const double x = expression_of(cell, g, 0);
      sum += x > 0 ? std::expm1(x) : 0;
      genes += std::abs(x) >= 0.05 ? 1 : 0;
    }
    EXPECT_NEAR(all.real.totals.library_size[cell], sum, 1e-4 * sum);
    EXPECT_EQ(all.real.totals.detected[cell], genes);
  }
  EXPECT_EQ(all.test.size(), 30u);
  ASSERT_EQ(all.generated.size(), 2u);
  EXPECT_EQ(all.generated[1].first, "gan");
}

TEST_F(Figures, TotalsOfPlainCountsAreTheirSums) {
  RunSample sample;
  sample.expression = true;
  const RunFolder run = written(sample);
  write_file(run.path + "/config.yaml", "normalize:\n  target_sum: median\n  log1p: false\n");
  const RunExpression all = expression(run);
  for (std::int64_t cell = 0; cell < 60; ++cell) {
    double sum = 0;
    for (std::int64_t g = 0; g < sample.genes; ++g) sum += std::max(0.0f, expression_of(cell, g, 0));
    EXPECT_NEAR(all.real.totals.library_size[cell], sum, 1e-4 * sum);
  }
}

TEST_F(Figures, GenesOfColoursAreThoseOfPerturbationsAndTheMostVariable) {
  RunSample sample;
  sample.expression = true;
  sample.perturbation = "G";  // P1 perturbs gene G1
  const RunFolder run = written(sample);
  const RunExpression all = expression(run);
  EXPECT_EQ(all.perturbed.size(), 3u);
  const Json cells = cell_scatter(run, &all, all_points, arrays_);
  std::vector<std::string> genes;
  for (const Json& gene : cells["genes"]) genes.push_back(gene["name"]);
  EXPECT_THAT(genes, testing::IsSupersetOf({"G1", "G2", "G3", "G11"}));
  for (const Json& gene : cells["genes"]) {
    if (gene["name"] != "G11") continue;
    const std::vector<double> values = read(gene["values"]);
    for (std::int64_t cell = 0; cell < 60; ++cell)
      EXPECT_NEAR(values[cell], expression_of(cell, 11, 0), 0.51 * gene["values"]["step"].get<double>());
  }
  EXPECT_EQ(cells["totals"][0]["name"], "library size");
}

TEST_F(Figures, HistogramsHoldEveryCellOfRealHalvesAndModels) {
  RunSample sample;
  sample.expression = true;
  const Json totals = total_histograms(expression(written(sample)));
  ASSERT_EQ(totals.size(), 2u);
  for (const Json& total : totals) {
    std::vector<std::string> kinds;
    for (const Json& of : total["samples"]) {
      kinds.push_back(of["kind"]);
      double sum = 0;
      for (const Json& share : of["shares"]) sum += share.get<double>();
      EXPECT_NEAR(sum, 1, 1e-3) << of["name"];
    }
    EXPECT_THAT(kinds, ElementsAre("real", "half", "half", "generated", "generated"));
  }
}

TEST_F(Figures, TotalsThatAreNotFiniteAreCountedApart) {
  RunSample sample;
  sample.expression = true;
  RunExpression all = expression(written(sample));
  CellTotals& vae = all.generated[0].second.totals;
  vae.library_size[0] = std::numeric_limits<float>::infinity();
  vae.library_size[1] = std::nanf("");
  for (float& total : all.generated[1].second.totals.library_size)
    total = std::numeric_limits<float>::infinity();
  const Json sizes = total_histograms(all)[0];
  EXPECT_TRUE(std::isfinite(sizes["low"].get<double>()) && std::isfinite(sizes["width"].get<double>()));
  EXPECT_EQ(sizes["samples"][0]["not_finite"], 0);
  EXPECT_EQ(sizes["samples"][3]["not_finite"], 2);
  const auto cells = static_cast<double>(vae.library_size.size());
  double sum = 0;
  for (const Json& share : sizes["samples"][3]["shares"]) sum += share.get<double>();
  EXPECT_NEAR(sum, (cells - 2) / cells, 1e-3);
  for (const Json& share : sizes["samples"][4]["shares"]) EXPECT_EQ(share, 0);
}

TEST_F(Figures, CorrelationsAreInOneOrderAndAConstantGeneHasNone) {
  RunSample sample;
  sample.expression = true;
  const RunExpression all = expression(written(sample));
  const Json correlations = gene_correlations(all, arrays_);
  const std::size_t genes = correlations["genes"].size();
  ASSERT_EQ(genes, 12u);
  EXPECT_EQ(correlations["samples"].size(), 3u);  // real, vae, gan
  const auto place = [&](const std::string& gene) {
    for (std::size_t g = 0; g < genes; ++g) {
      if (correlations["genes"][g] == gene) return g;
    }
    throw InternalError("no gene {}", gene);
  };
  const Json& values = correlations["samples"][0]["values"];
  const std::vector<double> real = read(values);
  const double step = values["step"];
  EXPECT_NEAR(real[place("G2") * genes + place("G2")], 1, step);
  // Every gene but the constant G0 is a multiple of one number of a cell, some of them falling.
  EXPECT_NEAR(real[place("G2") * genes + place("G4")], 1, step);
  EXPECT_NEAR(real[place("G3") * genes + place("G4")], -1, step);
  EXPECT_TRUE(std::isnan(real[place("G0") * genes + place("G4")]));
}

TEST_F(Figures, GeneratedCellsOfOtherGenesDoNotBelongToTheRun) {
  RunSample sample;
  sample.expression = true;
  const RunFolder run = written(sample);
  sample.gene = "H";
  sample.models.resize(2);
  TemporaryFolder other;
  write_run(other.path().string(), sample);
  std::filesystem::copy_file(other / "generated_vae.h5ad", folder_ / "generated_vae.h5ad",
                             std::filesystem::copy_options::overwrite_existing);
  EXPECT_THAT(error_of([&] { expression(run); }),
              HasSubstr("generated_vae.h5ad: its genes are not those of latent.h5ad"));
}

TEST_F(Figures, WithoutExpressionThereIsNoFigureOfIt) {
  const Table obs = read_obs(*written({}).file("latent.h5ad"));
  EXPECT_FALSE(read_expression(written({}), Labels(obs, "perturbation"), Labels(obs, "split")).has_value());
}

TEST(Density, LinesEncloseTheSharesThatTheySay) {
  std::mt19937 generator(5);
  std::normal_distribution<float> normal;
  std::vector<float> x, y;
  for (int i = 0; i < 20000; ++i) {
    x.push_back(normal(generator));
    y.push_back(2 * normal(generator));
  }
  const std::vector<std::vector<float>> xs{x}, ys{y};
  const PlaneGrid grid = PlaneGrid::around(xs, ys, 64);
  const std::vector<float> inside = mass_inside(grid, x, y);
  // A normal's region of share p reaches to the radius sqrt(-2 log(1 - p)): 1.18 for a half, 2.15 for nine
  // tenths.
  const auto at = [&](double px, double py) {
    const auto c = static_cast<std::size_t>(std::lround((px - grid.x[0]) / (grid.x[1] - grid.x[0])));
    const auto r = static_cast<std::size_t>(std::lround((py - grid.y[0]) / (grid.y[1] - grid.y[0])));
    return inside[r * grid.x.size() + c];
  };
  EXPECT_LT(at(0, 0), 0.02);
  EXPECT_NEAR(at(1.18, 0), 0.5, 0.06);
  EXPECT_NEAR(at(0, 2.36), 0.5, 0.06);
  EXPECT_NEAR(at(1.52, 3.04), 0.9, 0.04);
  EXPECT_EQ(at(grid.x[0], grid.y[0]), 1);
}

TEST(Density, OfACellFarAwayIsEverywhereTheSame) {
  std::vector<float> x, y;
  for (int i = 0; i < 300; ++i) {
    x.push_back(static_cast<float>(i % 20));
    y.push_back(static_cast<float>(i % 15));
  }
  x.back() = y.back() = 1e15f;  // wider kernels than there is memory for
  const std::vector<std::vector<float>> xs{x}, ys{y};
  const PlaneGrid grid = PlaneGrid::around(xs, ys, 64);
  const std::vector<float> inside = mass_inside(grid, x, y);
  ASSERT_EQ(inside.size(), 64u * 64u);
  EXPECT_NEAR(*std::max_element(inside.begin(), inside.end()), 1, 1e-3);  // each place has as much
}

TEST(Arrays, KeepNumbersToTheirStepAndWhatIsNone) {
  Arrays arrays;
  const std::vector<float> values{-2, 0.5f, 8, std::numeric_limits<float>::quiet_NaN()};
  const Json places = arrays.places(values), colours = arrays.colours(values);
  const Json exact = arrays.numbers(std::vector<double>{123456, -0.000123456, std::nan(""), 1e300, 7});
  const Json codes = arrays.codes(std::vector<std::int64_t>{-1, 0, 300});
  EXPECT_NEAR(numbers(arrays, places)[1], 0.5, 10.0 / 4094);
  EXPECT_NEAR(numbers(arrays, colours)[1], 0.5, 10.0 / 254);
  EXPECT_EQ(numbers(arrays, colours)[2], 8);
  EXPECT_TRUE(std::isnan(numbers(arrays, colours)[3]));
  EXPECT_NEAR(numbers(arrays, exact)[0], 123456, 8);
  EXPECT_NEAR(numbers(arrays, exact)[1], -0.000123456, 1e-8);
  EXPECT_TRUE(std::isnan(numbers(arrays, exact)[2]));
  EXPECT_EQ(numbers(arrays, exact)[4], 7);
  EXPECT_THAT(numbers(arrays, codes), ElementsAre(-1, 0, 300));
  EXPECT_EQ(codes["bytes"], 2);
}

TEST(Arrays, CodesOfAnySizeAreNumbers) {
  for (const std::int64_t code : {253, 254, 255, 65533, 65534, 65535}) {
    Arrays arrays;
    const Json codes = arrays.codes(std::vector<std::int64_t>{code, -1});
    EXPECT_THAT(numbers(arrays, codes), ElementsAre(static_cast<double>(code), -1));
  }
}

TEST(Rounded, SignificantDigitsAndNullForWhatIsNoNumber) {
  const double none = std::numeric_limits<double>::quiet_NaN(),
               endless = std::numeric_limits<double>::infinity();
  EXPECT_THAT(rounded({0.000123456, -98765.4321, 3, none, endless, 0, 5e-324}, 3),
              ElementsAre(0.000123, -98800, 3, nullptr, nullptr, 0, 5e-324));
}

}  // namespace
}  // namespace sparcell
