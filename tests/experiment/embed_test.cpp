// The latent values and reconstructions that `embed` writes of a file's cells.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "sparcell/anndata.h"
#include "support/renamed.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

class Embed : public SmallExperiment {
 protected:
  void succeed(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
  }
};

TEST_F(Embed, GivesTheLatentsOfTheRun) {
  finished_run("r");
  const Table cells = read_obs(folder / "r/latent.h5ad");
  for (const char* model : {"ae", "vae"}) {
    succeed({"embed", "r", "cells.h5ad", "embedded.h5ad", "--model", model});
    const std::string key = std::string("X_") + model;
    EXPECT_EQ(read_obsm(folder / "embedded.h5ad", key).values,
              read_obsm(folder / "r/latent.h5ad", key).values);
    EXPECT_EQ(read_obs(folder / "embedded.h5ad").names, cells.names);
  }
}

TEST_F(Embed, GivesTheLatentsOfAFilteredAndStandardizedRun) {
  finished_run("r", {"~model.gan", "~model.vae", "filter.min_cells=60", "normalize.standardize=true"});
  succeed({"embed", "r", "cells.h5ad", "embedded.h5ad"});
  EXPECT_EQ(read_obsm(folder / "embedded.h5ad", "X_ae").values,
            read_obsm(folder / "r/latent.h5ad", "X_ae").values);
}

/// The error of the written cells against the written X is the one that the run's evaluation found.
TEST_F(Embed, ReconstructsWhatTheRunJudged) {
  for (const std::string standardize : {"false", "true"}) {
    const std::string run = "standardize_" + standardize;
    finished_run(run, {"~model.gan", "normalize.standardize=" + standardize});
    std::ifstream split(folder / (run + "/split.csv"));
    std::set<std::string> test_cells;
    for (std::string line; std::getline(split, line);) {
      if (line.ends_with(",test")) test_cells.insert(line.substr(0, line.find(',')));
    }
    for (const auto& [model, metric] : {std::pair{"ae", "mse"}, {"vae", "mse_at_mean"}}) {
      const std::string file = folder / "embedded.h5ad";
      succeed({"embed", run, "cells.h5ad", "embedded.h5ad", "--model", model, "--reconstruct"});
      const Csr<float> cells = read_matrix(file),
                       made = read_matrix(file, std::string("layers/reconstructed_") + model);
      EXPECT_EQ(read_var(file).names, read_var(folder / (run + "/latent.h5ad")).names);
      ASSERT_EQ(made.cols, cells.cols);
      const std::vector<std::string> names = read_obs(file).names;
      double sum = 0;
      std::vector<double> difference(static_cast<std::size_t>(cells.cols));
      for (std::int64_t r = 0; r < cells.rows; ++r) {
        if (!test_cells.contains(names[r])) continue;
        std::fill(difference.begin(), difference.end(), 0.0);
        for (std::int64_t k = made.offsets[r]; k < made.offsets[r + 1]; ++k)
          difference[made.indices[k]] += made.values[k];
        for (std::int64_t k = cells.offsets[r]; k < cells.offsets[r + 1]; ++k)
          difference[cells.indices[k]] -= cells.values[k];
        for (double d : difference) sum += d * d;
      }
      const double expected = json(run + "/result.json")["models"][model]["test"][metric];
      EXPECT_NEAR(sum / static_cast<double>(test_cells.size() * difference.size()), expected, 1e-6 * expected)
          << run;
    }
  }
}

/// Two pairs of genes share their names. The first gene of the file is silent: a filter takes it, or the
/// ranking leaves it out, and the model's gene of that name is the second.
TEST_F(Embed, TellsGenesOfOneNameApart) {
  rewrite(folder / "cells.h5ad", [](Csr<float>& x, Table&, Table& genes) {
    std::vector<double> total(genes.names.size(), 0);
    for (std::size_t k = 0; k < x.values.size(); ++k) {
      if (x.indices[k] == 0) x.values[k] = 0;
      total[x.indices[k]] += x.values[k];
    }
    genes.names[0] = genes.names[std::max_element(total.begin(), total.end()) - total.begin()];
    genes.names[7] = genes.names[90];
  });
  for (const std::vector<std::string>& options :
       {std::vector<std::string>{"select.flavor=all"}, {"select.genes=100"}, {"filter.min_cells=1"}}) {
    std::vector<std::string> all{"~model.gan", "~model.vae"};
    all.insert(all.end(), options.begin(), options.end());
    finished_run(options[0], all);
    succeed({"embed", options[0], "cells.h5ad", "embedded.h5ad"});
    EXPECT_EQ(read_obsm(folder / "embedded.h5ad", "X_ae").values,
              read_obsm(folder / (options[0] + "/latent.h5ad"), "X_ae").values)
        << options[0];
  }
}

TEST_F(Embed, TakesTheChosenWeights) {
  finished_run("r", {"~model.gan", "~model.vae", "evaluate.weights=best",
                     "model.ae.train.optimizer.learning_rate=1", "train.epochs=20"});
  ASSERT_NE(json("r/result.json")["models"]["ae"]["best_epoch"], 19);
  succeed({"embed", "r", "cells.h5ad", "default.h5ad"});
  succeed({"embed", "r", "cells.h5ad", "last.h5ad", "--weights", "last"});
  const std::vector<float> of_run = read_obsm(folder / "r/latent.h5ad", "X_ae").values;
  EXPECT_EQ(read_obsm(folder / "default.h5ad", "X_ae").values, of_run);
  EXPECT_NE(read_obsm(folder / "last.h5ad", "X_ae").values, of_run);
}

}  // namespace
}  // namespace sparcell::test
