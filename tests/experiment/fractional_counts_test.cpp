// Counts that are not whole, as programs leave them that take ambient or unspliced ones out.
#include <gmock/gmock.h>

#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::HasSubstr;

class FractionalCounts : public SmallExperiment {
 protected:
  /// halves.h5ad holds half of every count.
  FractionalCounts() {
    Csr<float> x = read_matrix(folder / "cells.h5ad");
    for (float& count : x.values) count /= 2;
    AnnDataContent content;
    content.x = &x;
    content.obs = read_obs(folder / "cells.h5ad");
    content.var = read_var(folder / "cells.h5ad");
    write_anndata(folder / "halves.h5ad", content);
  }
  static inline const std::vector<std::string> halves{
      "read={path: halves.h5ad, counts: X, fractional_counts: true}", "normalize.target_sum=1000"};
};

TEST_F(FractionalCounts, AreRefusedUnlessTheFileSaysWhatTheyAre) {
  const Finished refused = run({"read.path=halves.h5ad", "--out", "r"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.err,
              HasSubstr("; corrected counts that are not whole are taken with read.fractional_counts: true"));
}

/// Halves have the shares of a cell's sum that the whole have: normalized to one sum they are the same, bit
/// by bit.
TEST_F(FractionalCounts, AreNormalizedAsWholeOnes) {
  finished_run("whole", {"normalize.target_sum=1000"});
  finished_run("halved", halves);
  const Csr<float> whole = read_matrix(folder / "whole/latent.h5ad"),
                   halved = read_matrix(folder / "halved/latent.h5ad");
  EXPECT_EQ(whole.indices, halved.indices);
  EXPECT_TRUE(
      std::equal(whole.values.begin(), whole.values.end(), halved.values.begin(), halved.values.end()));
  const nlohmann::json of_whole = json("whole/result.json"), of_halves = json("halved/result.json");
  for (const char* model : {"ae", "vae", "gan"})
    EXPECT_EQ(of_whole["models"][model]["test"], of_halves["models"][model]["test"]) << model;
  EXPECT_TRUE(of_whole["baselines"].contains("nb_library"));
  EXPECT_FALSE(of_halves["baselines"].contains("nb_library")) << "a distribution of whole counts";
}

TEST_F(FractionalCounts, OfOtherFilesAreTakenAsTheRunTookIts) {
  finished_run("halved", halves);
  const Finished embedded = program({"embed", "halved", "halves.h5ad", "e.h5ad", "--model", "ae"});
  ASSERT_EQ(embedded.code, 0) << embedded.err;
  const Matrix<float> of_run = read_obsm(folder / "halved/latent.h5ad", "X_ae"),
                      anew = read_obsm(folder / "e.h5ad", "X_ae");
  EXPECT_EQ(of_run.values, anew.values);
}

}  // namespace
}  // namespace sparcell::test
