// The counts of cells that models make.
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "experiment/equal_runs.h"
#include "experiment/made_cells.h"

namespace sparcell::test {
namespace {

using testing::HasSubstr;

class MadeCounts : public MadeCells {};

/// Expression is log(1 + count / size factor), of integers; library sizes are those of training cells under
/// the same conditions.
TEST_F(MadeCounts, CountModelsGiveTheCountsBehindTheirExpression) {
  finished_run("r", counts);
  const Table real = read_obs(folder / "r/latent.h5ad"), made = read_obs(folder / "r/generated_vae.h5ad");
  const Csr<float> x = read_matrix(folder / "r/generated_vae.h5ad"),
                   drawn = read_matrix(folder / "r/generated_vae.h5ad", "layers/counts");
  ASSERT_EQ(drawn.rows, x.rows);
  ASSERT_GT(drawn.nonzeros(), x.rows);
  for (const float count : drawn.values) ASSERT_TRUE(count >= 1 && count == std::floor(count)) << count;
  const std::vector<double>&library = numbers(made, "library_size"), &factor = numbers(made, "size_factor");
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const std::vector<float> values = dense_row(x, c), integers = dense_row(drawn, c);
    for (std::size_t g = 0; g < values.size(); ++g)
      ASSERT_NEAR(values[g], std::log1p(integers[g] / factor[c]), 1e-6);
  }
  std::map<std::pair<std::string, std::string>, std::set<double>> of_training;
  const std::vector<double> sums = totals();
  for (std::int64_t c = 0; c < real.rows(); ++c) {
    if (real.find("split")->text(c) == "train")
      of_training[{real.find("perturbation")->text(c), real.find("lane")->text(c)}].insert(
          std::round(sums[c]));
  }
  for (std::int64_t c = 0; c < x.rows; ++c) {
    const auto own = std::pair(made.find("perturbation")->text(c), made.find("lane")->text(c));
    EXPECT_TRUE(of_training[own].contains(std::round(library[c]))) << library[c];
  }
  succeed({"generate", "r", "new.h5ad", "--cells", std::to_string(x.rows), "--seed", "3"});
  EXPECT_EQ(read_matrix(folder / "new.h5ad", "layers/counts").values, drawn.values);
}

/// Of all genes, expression is what normalize_total makes of the drawn counts: a cell's own sum goes to the
/// target, whatever library the model had in mind. Of some, the others keep a part of the library.
TEST_F(MadeCounts, DrawnCountsAreNormalizedByTheirOwnSumWhereAllGenesAreSelected) {
  const Texts to_thousand = with(counts, {"normalize.target_sum=1000", "model.vae.likelihood=zinb"});
  finished_run("all", with(to_thousand, {"~select.genes", "select.flavor=all"}));
  finished_run("some", to_thousand);
  const auto sums_of = [&](const std::string& file) {
    std::vector<double> sums;
    const Csr<float> drawn = read_matrix(folder / file, "layers/counts");
    for (std::int64_t c = 0; c < drawn.rows; ++c) {
      const std::vector<float> row = dense_row(drawn, c);
      sums.push_back(std::accumulate(row.begin(), row.end(), 0.0));
    }
    return sums;
  };
  for (const char* file : {"all/generated_vae.h5ad", "some/generated_vae.h5ad"}) {
    const std::vector<double> sums = sums_of(file), factor = numbers(read_obs(folder / file), "size_factor");
    for (std::size_t c = 0; c < sums.size(); ++c) {
      if (std::string(file).starts_with("some")) {
        EXPECT_GT(factor[c], sums[c] / 1000) << file << ", cell " << c;
      } else {
        EXPECT_NEAR(factor[c], sums[c] > 0 ? sums[c] / 1000 : 1, 1e-9) << file << ", cell " << c;
      }
    }
  }
}

/// Their zeros are no surprise to a model of counts, and cells that are drawn as they are have hardly any.
TEST_F(MadeCounts, CellsWithoutCountsAreTakenToHaveHalfACount) {
  rewrite(folder / "cells.h5ad", [](Csr<float>& x, Table&, Table&) {
    Csr<float> kept;
    kept.cols = x.cols;
    for (kept.rows = 0; kept.rows < x.rows; ++kept.rows) {
      if (kept.rows % 4 != 0) {
        const auto first = x.offsets[kept.rows], last = x.offsets[kept.rows + 1];
        kept.indices.insert(kept.indices.end(), x.indices.begin() + first, x.indices.begin() + last);
        kept.values.insert(kept.values.end(), x.values.begin() + first, x.values.begin() + last);
      }
      kept.offsets.push_back(std::ssize(kept.indices));
    }
    x = std::move(kept);
  });
  finished_run("r", with(counts, {"train.epochs=1"}));
  const Table made = read_obs(folder / "r/generated_vae.h5ad");
  const Csr<float> drawn = read_matrix(folder / "r/generated_vae.h5ad", "layers/counts");
  int empty = 0;
  for (std::int64_t c = 0; c < drawn.rows; ++c) {
    const double library = numbers(made, "library_size")[c];
    const std::vector<float> row = dense_row(drawn, c);
    const double sum = std::accumulate(row.begin(), row.end(), 0.0);
    if (library > 1) {
      EXPECT_GT(sum, 10) << "cell " << c << " of " << library;
      continue;
    }
    ++empty;
    EXPECT_NEAR(library, 0.5, 1e-6) << "cell " << c;
    EXPECT_LE(sum, 6) << "cell " << c;  // a Poisson number of mean 0.5 is above that once in a million
  }
  EXPECT_GT(empty, 0);
}

TEST_F(MadeCounts, OtherModelsHaveNoCounts) {
  finished_run("r", {"~model.ae", "model.vae.likelihood=gaussian"});
  for (const char* model : {"vae", "gan"}) {
    const std::string file = folder / fmt::format("r/generated_{}.h5ad", model);
    EXPECT_EQ(read_obs(file).find("library_size"), nullptr);
    EXPECT_THAT(error_of([&] { read_matrix(file, "layers/counts"); }), HasSubstr("counts"));
  }
}

TEST_F(MadeCounts, RunsOfCountModelsHaveEqualBits) {
  for (const char* likelihood : {"nb", "zinb"}) {
    const std::string of = fmt::format("model.vae.likelihood={}", likelihood);
    finished_run("a", with(counts, {of}));
    finished_run("b", with(counts, {of}));
    EXPECT_EQ(differences(folder / "a", folder / "b"), Texts{});
    std::filesystem::remove_all(folder / "a");
    std::filesystem::remove_all(folder / "b");
  }
}

/// Dispersions of a perturbation that no training cell has cannot be known: its means can.
TEST_F(MadeCounts, CountsNeedDispersionsThatAreKnown) {
  finished_run("r", with(counts, {"model.vae.dispersion=gene_perturbation"}));
  const std::string pair = in_lane_one + "+" + other;
  const Finished done = program({"predict", "r", "p.h5ad", "--perturbation", pair});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("no counts are drawn: no training cell has the perturbation " + pair));
  EXPECT_EQ(read_obs(folder / "p.h5ad").find("library_size"), nullptr);
  EXPECT_THAT(
      fail({"generate", "r", "bad.h5ad", "--cells", "3", "--perturbation", pair}, 3),
      HasSubstr("no training cell has the perturbation " + pair + ", whose dispersions cannot be known"));
  succeed({"predict", "r", "q.h5ad", "--perturbation", other});
  EXPECT_NE(read_obs(folder / "q.h5ad").find("library_size"), nullptr);
}

}  // namespace
}  // namespace sparcell::test
