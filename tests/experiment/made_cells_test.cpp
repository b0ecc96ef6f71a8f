// Cells that models make, as their files have them: under which conditions.
#include <set>

#include "experiment/made_cells.h"

namespace sparcell::test {
namespace {

using testing::Contains;
using testing::Each;
using testing::HasSubstr;
using testing::IsSubsetOf;
using testing::Not;

/// A file may call something else what latent.h5ad has of the run.
TEST_F(MadeCells, ColumnsOfTheFileStayBesideOursOfTheirName) {
  rewrite(folder / "cells.h5ad", [&](Csr<float>&, Table& cells, Table&) {
    const auto rows = static_cast<std::size_t>(cells.rows());
    cells.set({.name = "perturbation", .values = Texts(rows, "CRISPRi"), .missing = {}});
    cells.set({.name = "split", .values = Texts(rows, "left"), .missing = {}});
  });
  finished_run("r", {"~model.vae", "~model.gan", "read.perturbation.preset=gears"});
  const Table cells = read_obs(folder / "r/latent.h5ad");
  EXPECT_THAT(texts(cells, "perturbation_of_file"), Each("CRISPRi"));
  EXPECT_THAT(texts(cells, "split_of_file"), Each("left"));
  EXPECT_THAT(texts(cells, "perturbation"), Contains("control"));
  EXPECT_THAT(texts(cells, "split"), Contains("test"));
  finished_run("again", {"~model.vae", "~model.gan", "read.path=r/latent.h5ad", "read.perturbation.preset=gears", "normalize=none",
                         "split={by: column, column: split}"});
  EXPECT_EQ(read_obs(folder / "again/latent.h5ad").columns.size(), cells.columns.size()) << "the same is there once";
}

/// What a cell is said to be made under is what it was made under: the same cell, when that is chosen.
TEST_F(MadeCells, GeneratedCellsSayTheirConditions) {
  for (const Texts& options : {gan, with(counts, {"model.vae.library=decoded"})}) {
    finished_run("r", options);
    const bool is_gan = options[0] == "~model.ae" && options[1] == "~model.vae";
    const std::string file = folder / (is_gan ? "r/generated_gan.h5ad" : "r/generated_vae.h5ad");
    const Table real = read_obs(folder / "r/latent.h5ad"), made = read_obs(file);
    EXPECT_EQ(categories(made, "perturbation"), categories(real, "perturbation"));
    EXPECT_EQ(categories(made, "lane"), categories(real, "lane"));
    EXPECT_THAT(categories(made, "lane"), Contains("never"));
    EXPECT_THAT(texts(made, "condition"), IsSubsetOf(texts(real, "condition")));
    EXPECT_THAT(texts(made, "source"), Each(std::string(is_gan ? "gan" : "vae")));
    const Texts perturbations = texts(made, "perturbation"), lanes = texts(made, "lane"),
                labels = texts(made, "condition");
    EXPECT_GT(std::set<std::string>(perturbations.begin(), perturbations.end()).size(), 2u);
    const Csr<float> x = read_matrix(file);
    const std::string first = perturbations[0], lane = lanes[0];
    EXPECT_THAT((Texts{first, first + "+ctrl", "ctrl"}), Contains(labels[0]));
    succeed({"generate", "r", "chosen.h5ad", "--cells", std::to_string(x.rows), "--seed", "3",
             "--perturbation", first, "--condition", "lane=" + lane});
    const Csr<float> chosen = read_matrix(folder / "chosen.h5ad");
    for (std::int64_t c = 0; c < x.rows; ++c) {
      const bool same = perturbations[c] == first && lanes[c] == lane;
      EXPECT_EQ(dense_row(x, c) == dense_row(chosen, c), same) << perturbations[c] << " " << lanes[c];
    }
    const Table said = read_obs(folder / "chosen.h5ad");
    EXPECT_THAT(texts(said, "perturbation"), Each(first));
    EXPECT_THAT(texts(said, "condition"), Each(labels[0]));
    EXPECT_THAT(texts(said, "lane"), Each(lane));
    EXPECT_EQ(categories(said, "perturbation"), categories(real, "perturbation"));
    std::filesystem::remove_all(folder / "r");
  }
}

TEST_F(MadeCells, WhatIsNotChosenIsAsInTheTrainingCellsThatHaveTheChosen) {
  finished_run("r", gan);
  succeed({"generate", "r", "one.h5ad", "--cells", "40", "--perturbation", in_lane_one});
  EXPECT_THAT(texts(read_obs(folder / "one.h5ad"), "lane"), Each(std::string("one")));
  succeed({"generate", "r", "two.h5ad", "--cells", "40", "--condition", "lane=two"});
  const Texts of_two = texts(read_obs(folder / "two.h5ad"), "perturbation");
  EXPECT_THAT(of_two, Not(Contains(in_lane_one)));
  EXPECT_GT(std::set<std::string>(of_two.begin(), of_two.end()).size(), 2u);
  // A pair that no cell has is of the genes that are known, in the lanes of all training cells.
  const std::string pair = in_lane_one + "+" + other;
  const Texts known = categories(read_obs(folder / "r/latent.h5ad"), "perturbation");
  ASSERT_THAT(known, Not(Contains(pair)));
  succeed({"generate", "r", "pair.h5ad", "--cells", "40", "--perturbation", other + "+" + in_lane_one});
  const Table cells = read_obs(folder / "pair.h5ad");
  EXPECT_THAT(texts(cells, "perturbation"), Each(pair));
  EXPECT_THAT(texts(cells, "condition"), Each(pair));
  EXPECT_EQ(categories(cells, "perturbation"), with(known, {pair}));
  const Texts lanes = texts(cells, "lane");
  EXPECT_EQ(std::set<std::string>(lanes.begin(), lanes.end()).size(), 3u);
}

TEST_F(MadeCells, ConditionsThatAModelIsNotToldAreRefused) {
  finished_run("r", gan);
  const auto error = [&](const Texts& more, int code) {
    return fail(with({"generate", "r", "bad.h5ad", "--cells", "3"}, more), code);
  };
  EXPECT_THAT(error({"--perturbation", "NOSUCH"}, 3), HasSubstr("no training cell is perturbed in NOSUCH"));
  EXPECT_THAT(error({"--condition", "lane=never"}, 3),
              HasSubstr("no training cell has 'never' in lane; there are lane=one, lane=three, lane=two"));
  EXPECT_THAT(error({"--condition", "lane=tow"}, 3), HasSubstr("; did you mean 'two'?\n"));
  EXPECT_THAT(error({"--condition", "line=two"}, 2), HasSubstr("; did you mean 'lane'?\n"));
  EXPECT_THAT(error({"--condition", "batch=1"}, 2), HasSubstr("the model is told no obs column batch"));
  EXPECT_THAT(error({"--condition", "lane"}, 2), HasSubstr("--condition lane: expected COLUMN=VALUE"));
  EXPECT_THAT(error({"--condition", "lane=one", "--condition", "lane=two"}, 2),
              HasSubstr("lane is given twice"));
  finished_run("plain", {"~model.ae", "~model.vae"});
  EXPECT_THAT(fail({"generate", "plain", "bad.h5ad", "--cells", "3", "--perturbation", other}, 2),
              HasSubstr("the model is told no perturbation, so none can be chosen"));
}

/// Dispersions alone tie cells to perturbations.
TEST_F(MadeCells, CellsWithDispersionsOfTheirPerturbationSayIt) {
  finished_run("r", {"~model.ae", "~model.gan", "model.vae.likelihood=nb", "model.vae.library=decoded",
                     "model.vae.dispersion=gene_perturbation"});
  const Table made = read_obs(folder / "r/generated_vae.h5ad");
  const Texts perturbations = texts(made, "perturbation");
  EXPECT_EQ(made.find("lane"), nullptr);
  const Csr<float> x = read_matrix(folder / "r/generated_vae.h5ad", "layers/counts");
  succeed({"generate", "r", "chosen.h5ad", "--cells", std::to_string(x.rows), "--seed", "3", "--perturbation",
           perturbations[0]});
  const Csr<float> chosen = read_matrix(folder / "chosen.h5ad", "layers/counts");
  std::int64_t others = 0, differing = 0;
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const bool equal = dense_row(x, c) == dense_row(chosen, c);
    if (perturbations[c] == perturbations[0]) {
      EXPECT_TRUE(equal) << c;
    } else {
      ++others;
      differing += !equal;
    }
  }
  EXPECT_GT(differing, others / 2);
}

}  // namespace
}  // namespace sparcell::test
