// Rates of count models that are shares of a library: expected counts never exceed it.
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "experiment/equal_runs.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Each;
using testing::Ge;
using testing::Le;

constexpr double target_sum = 1000;

class RateShares : public SmallExperiment {
 protected:
  /// Of every cell, the share of its library that the model expects of the selected genes.
  std::vector<double> shares(const std::string& run, std::vector<std::string> options) {
    options.insert(options.end(), {"~model.ae", "~model.gan", "normalize.target_sum=1000"});
    finished_run(run, options);
    const Finished done = program({"embed", run, "cells.h5ad", run + ".h5ad", "--reconstruct"});
    EXPECT_EQ(done.code, 0) << done.err;
    const Csr<float> expected = read_matrix(folder / (run + ".h5ad"), "layers/reconstructed_vae");
    std::vector<double> sums;
    for (std::int64_t c = 0; c < expected.rows; ++c) {
      double sum = 0;
      for (std::int64_t k = expected.offsets[c]; k < expected.offsets[c + 1]; ++k)
        sum += std::expm1(static_cast<double>(expected.values[k]));
      sums.push_back(sum / target_sum);
    }
    return sums;
  }
};

/// Of all genes nothing is left but what training begins with, a ten-thousandth.
TEST_F(RateShares, OfAllGenesAreTheWholeLibrary) {
  for (const char* likelihood : {"nb", "zinb"}) {
    const std::string of = fmt::format("model.vae.likelihood={}", likelihood), name = likelihood;
    const std::vector<double> softmax =
        shares("s_" + name, {of, "~select.genes", "select.flavor=all", "model.vae.rates=softmax"});
    EXPECT_THAT(softmax, Each(Le(1 + 1e-5))) << likelihood;
    EXPECT_THAT(softmax, Each(Ge(name == "nb" ? 0.999 : 0.9))) << "gates of zinb keep some";
  }
  const std::vector<double> exp =
      shares("e", {"model.vae.likelihood=nb", "~select.genes", "select.flavor=all"});
  EXPECT_GT(std::ranges::max(exp), 1.001) << "without a softmax nothing keeps rates within the library";
}

TEST_F(RateShares, OfSomeGenesLeaveWhatTheOthersHave) {
  const std::vector<double> softmax = shares("s", {"model.vae.likelihood=nb", "model.vae.rates=softmax"});
  const double mean = std::accumulate(softmax.begin(), softmax.end(), 0.0) / std::ssize(softmax);
  double selected = 0, all = 0;  // counts of the file
  const Csr<float> counts = read_matrix(folder / "cells.h5ad");
  std::ifstream genes(folder / "s/genes.csv");
  std::string line;
  std::vector<char> is_selected(static_cast<std::size_t>(counts.cols));
  std::getline(genes, line);
  while (std::getline(genes, line)) {
    const std::size_t first = line.find(',') + 1;
    is_selected[std::stoul(line.substr(first, line.find(',', first) - first))] = 1;
  }
  ASSERT_EQ(std::ranges::count(is_selected, 1), 60);
  for (std::size_t k = 0; k < counts.values.size(); ++k) {
    all += counts.values[k];
    if (is_selected[counts.indices[k]] != 0) selected += counts.values[k];
  }
  EXPECT_NEAR(mean, selected / all, 0.1);
  EXPECT_THAT(softmax, Each(AllOf(Ge(0.1), Le(0.999))));
}

TEST_F(RateShares, RunsHaveEqualBits) {
  for (const char* run : {"a", "b"}) shares(run, {"model.vae.likelihood=zinb", "model.vae.rates=softmax"});
  EXPECT_EQ(differences(folder / "a", folder / "b"), std::vector<std::string>{});
}

}  // namespace
}  // namespace sparcell::test
