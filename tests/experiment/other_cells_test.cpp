// Models that are told conditions look at cells of other files, which say their own.
#include <gmock/gmock.h>

#include <cmath>

#include "sparcell/anndata.h"
#include "support/renamed.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::HasSubstr;

class ToldOfOtherCells : public SmallExperiment {
 protected:
  const std::vector<std::string> told{"~model.gan", "~model.ae", "model.vae.condition=[perturbation, batch]",
                                      "model.vae.conditioning.encoder=true"};

  ToldOfOtherCells() {
    rewrite(folder / "cells.h5ad", [](Csr<float>& x, Table& cells, Table&) {
      std::vector<std::int64_t> batch;
      for (std::int64_t cell = 0; cell < x.rows; ++cell) batch.push_back(cell % 3);
      cells.set({.name = "batch", .values = batch, .missing = {}});
    });
  }
  std::string succeed(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  std::string fail(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 3) << done.err;
    return done.err;
  }
};

/// The file may hold batches as another type than the run's.
TEST_F(ToldOfOtherCells, TestCellsInAFileOfTheirOwnAreJudgedAsTheyWere) {
  finished_run("r", {"~model.gan", "~model.vae", "model.ae.condition=[perturbation, batch]",
                     "model.ae.conditioning.encoder=true"});
  write_test_cells("r", "test.h5ad", [](Table& cells) {
    std::vector<std::string> batch;
    for (std::int64_t cell = 0; cell < cells.rows(); ++cell) batch.push_back(cells.find("batch")->text(cell));
    cells.set({.name = "batch", .values = batch, .missing = {}});
  });
  const nlohmann::json judged = nlohmann::json::parse(
                           succeed({"evaluate", "r", "test.h5ad"}))["models"]["ae"]["test"],
                       expected = json("r/result.json")["models"]["ae"]["test"];
  ASSERT_TRUE(expected.contains("seen_l2"));
  for (const auto& [key, value] : expected.items()) {
    ASSERT_TRUE(judged.contains(key)) << key;
    EXPECT_NEAR(judged[key].get<double>(), value.get<double>(), 1e-5 * (1 + std::abs(value.get<double>())))
        << key;
  }
}

TEST_F(ToldOfOtherCells, SoAreThoseOfDispersionsByPerturbation) {
  finished_run(
      "r", {"~model.gan", "~model.ae", "model.vae.likelihood=nb", "model.vae.dispersion=gene_perturbation"});
  write_test_cells("r", "test.h5ad");
  const nlohmann::json judged = nlohmann::json::parse(
                           succeed({"evaluate", "r", "test.h5ad"}))["models"]["vae"]["test"],
                       expected = json("r/result.json")["models"]["vae"]["test"];
  EXPECT_NEAR(judged["mse_at_mean"].get<double>(), expected["mse_at_mean"].get<double>(), 1e-6);
  // Draws are keyed by a cell's number, which is another here.
  EXPECT_NEAR(judged["iwelbo"].get<double>(), expected["iwelbo"].get<double>(), 0.5);
}

TEST_F(ToldOfOtherCells, EmbedTellsAnEncoderTheirConditions) {
  finished_run("r", told);
  succeed({"embed", "r", "cells.h5ad", "e.h5ad", "--reconstruct"});
  EXPECT_EQ(read_obsm(folder / "e.h5ad", "X_vae").values,
            read_obsm(folder / "r/latent.h5ad", "X_vae").values);
  rewrite(folder / "cells.h5ad", [](Csr<float>&, Table& cells, Table&) {
    cells.set({.name = "batch", .values = std::vector<std::int64_t>(cells.names.size(), 1), .missing = {}});
  });
  std::filesystem::rename(folder / "cells.h5ad", folder / "moved.h5ad");
  EXPECT_THAT(fail({"embed", "r", "moved.h5ad", "f.h5ad"}), HasSubstr("cells.h5ad"))
      << "conditions are fitted on the run's own cells";
}

/// What an encoder is told moves latent values, and so does what a decoder is told reconstructions.
TEST_F(ToldOfOtherCells, AnotherBatchIsAnotherLatentValue) {
  finished_run("r", told);
  const auto embedded = [&](const char* level, const std::string& name) {
    write_test_cells("r", name, [&](Table& cells) {
      cells.set(
          {.name = "batch", .values = std::vector<std::string>(cells.names.size(), level), .missing = {}});
    });
    succeed({"embed", "r", name, "e_" + name, "--reconstruct"});
    return std::pair{read_obsm(folder / ("e_" + name), "X_vae").values,
                     read_matrix(folder / ("e_" + name), "layers/reconstructed_vae").values};
  };
  const auto zero = embedded("0", "zero.h5ad"), one = embedded("1", "one.h5ad"),
             again = embedded("0", "again.h5ad");
  EXPECT_EQ(zero, again);
  EXPECT_NE(zero.first, one.first);
  EXPECT_NE(zero.second, one.second);
}

/// A batch is all that this model is told: the file needs no perturbations.
TEST_F(ToldOfOtherCells, LabelsAreNeededWhereTheModelIsToldThemAlone) {
  finished_run(
      "r", {"~model.gan", "~model.ae", "model.vae.condition=[batch]", "model.vae.conditioning.encoder=true"});
  write_test_cells("r", "test.h5ad", [](Table& cells) {
    std::erase_if(cells.columns, [](const Column& column) { return column.name != "batch"; });
  });
  succeed({"embed", "r", "test.h5ad", "e.h5ad"});
  succeed({"evaluate", "r", "test.h5ad"});
}

TEST_F(ToldOfOtherCells, WhatTheModelDoesNotKnowIsRefused) {
  finished_run("r", told);
  const auto expect_refused = [&](const std::string& sentence, const std::function<void(Table&)>& change) {
    write_test_cells("r", "test.h5ad", change);
    EXPECT_THAT(fail({"embed", "r", "test.h5ad", "e.h5ad"}), HasSubstr(sentence));
    EXPECT_THAT(fail({"evaluate", "r", "test.h5ad"}), HasSubstr(sentence));
    EXPECT_FALSE(exists("e.h5ad"));
  };
  expect_refused(
      "test.h5ad has no obs column batch, which the model is told; it has batches, ", [](Table& cells) {
        cells.columns.insert(
            cells.columns.begin(),
            {.name = "batches", .values = std::vector<std::string>(cells.names.size(), "0"), .missing = {}});
        std::erase_if(cells.columns, [](const Column& column) { return column.name == "batch"; });
      });
  expect_refused(" has '7' in batch, which no training cell has", [](Table& cells) {
    cells.set({.name = "batch", .values = std::vector<std::int64_t>(cells.names.size(), 7), .missing = {}});
  });
  expect_refused("has no perturbation label, and is neither perturbed nor a control", [](Table& cells) {
    std::erase_if(cells.columns, [](const Column& column) { return column.name == "perturbation"; });
  });
  expect_refused("NEW: no training cell is perturbed in NEW", [](Table& cells) {
    cells.set({.name = "perturbation",
               .values = std::vector<std::string>(cells.names.size(), "NEW"),
               .missing = {}});
  });
}

/// Cells of a perturbation that validation holds out are looked at, though they could not judge.
TEST_F(ToldOfOtherCells, AFileThatIsNotThereIsMissedBeforeTheRunsOwnIsRead) {
  finished_run("r", told);
  EXPECT_EQ(fail({"evaluate", "r", "nowhere.h5ad"}), "sparcell: nowhere.h5ad: there is no such file\n");
}

TEST_F(ToldOfOtherCells, EmbedTakesPerturbationsThatAreHeldOut) {
  finished_run("r", {"~model.gan", "~model.ae",
                     "split={by: perturbation, hold_out: genes, train: 0.5, validation: 0.25, test: 0.25}",
                     "model.vae.condition=[perturbation]", "select.include_perturbed=true",
                     "model.vae.conditioning={encoder: true, embedding: loadings, components: 4}"});
  succeed({"embed", "r", "cells.h5ad", "e.h5ad"});
  EXPECT_EQ(read_obsm(folder / "e.h5ad", "X_vae").values,
            read_obsm(folder / "r/latent.h5ad", "X_vae").values);
}

}  // namespace
}  // namespace sparcell::test
