// Ranges of profilers: every station, phase and op has one under its name, and they nest.
#include <gmock/gmock.h>

#include "ops/names.h"
#include "profile/recorded_ranges.h"
#include "sparcell/core/phases.h"

namespace sparcell::test {
namespace {

using testing::Contains;
using testing::IsEmpty;
using testing::IsSubsetOf;

const std::set<std::string> stations{"read",  "filter", "split",    "normalize", "select",
                                     "train", "write",  "evaluate", "report"};
const std::set<std::string> phases(phase_names.begin(), phase_names.end());

class Ranges : public RecordedExperiment {
 protected:
  static std::set<std::string> ops() {
    const std::vector<std::string> names = op_names();
    return {names.begin(), names.end()};
  }
  /// Runs that take every road: sparse, loaded and dense first layers, every loss and normalization, likelihoods,
  /// gates, statistics of batches and conditions, all scores of genes.
  RecordedRanges everything() {
    finished_run("plain", {"report.html=true", "normalize.standardize=true", "train.clip_norm=1"});
    simulate(folder / "sparse.h5ad",
             {.cells = 240, .genes = 120, .perturbations = 4, .doubles = 1, .controls = 0.3, .density = 0.05},
             silent);
    finished_run(
        "sparse",
        {"read.path=sparse.h5ad", "select.flavor=seurat_v3", "model.gan.spectral_norm=true",
         "model.gan.gradient_penalty={weight: 0.1, on: probability}", "model.gan.critic.normalization=layer",
         "model.gan.instance_noise=0.1", "model.gan.critic.hidden=[16, 8]", "model.gan.critic.dropout=0.1",
         "model.gan.minibatch=deviation", "model.ae.input={standardize: true, mix: 0.5}",
         "model.ae.skip=true", "model.ae.output=relu"});
    finished_run(
        "counts",
        {"~model.ae", "model.vae.likelihood=zinb", "model.vae.rates=softmax",
         "model.vae.condition=perturbation", "model.vae.conditioning={control_input: 0.5, combine: learned}",
         "model.gan.output=hurdle", "model.gan.library=output", "model.gan.weight_average=0.9",
         "model.gan.sparsity={term: zero_share, weight: 1}"});
    finished_run("rates", {"~model.gan", "~model.ae", "model.vae.likelihood=nb"});
    finished_run("gaussian", {"~model.gan", "model.vae.likelihood=gaussian", "model.ae.input.mix=0.5"});
    return recorded();
  }
};

TEST_F(Ranges, EveryStationPhaseAndOpHasOne) {
  std::set<std::string> expected = ops();
  expected.erase("kernel_sums");          // a part of distance_and_kernel_sums, which evaluation calls
  expected.erase("log_shares_backward");  // a part of count_loss_of_shares, which training calls
  expected.insert(stations.begin(), stations.end());
  expected.insert(phases.begin(), phases.end());
  const std::set<std::string> found = everything().names();
  for (const std::string& name : expected) EXPECT_THAT(found, Contains(name));
  EXPECT_THAT(found, IsSubsetOf(expected));
}

TEST_F(Ranges, OpsLieInPhasesAndPhasesInTheStation) {
  finished_run("r");
  const std::set<std::string> all_ops = ops();
  std::size_t seen = 0;
  for (const RecordedEvent& event : recorded().events) {
    if (stations.contains(event.name)) {
      EXPECT_THAT(event.around, IsEmpty()) << event.name;
    } else if (phases.contains(event.name)) {
      EXPECT_EQ(event.around, std::vector<std::string>{"train"}) << event.name;
    } else {
      ASSERT_TRUE(all_ops.contains(event.name)) << event.name;
      ASSERT_FALSE(event.around.empty()) << event.name;
      EXPECT_TRUE(stations.contains(event.around.front())) << event.around.front();
      seen += event.around.size() > 1 && phases.contains(event.around[1]);
    }
  }
  EXPECT_GT(seen, 1000u);  // three models, three epochs
}

TEST_F(Ranges, AreClosedWhereARunFails) {
  const Finished failed = run({"train.optimizer.learning_rate=1e30", "--out", "r"});
  EXPECT_EQ(failed.code, 4) << failed.err;
  EXPECT_THAT(recorded().names(), Contains("optimizer"));
}

TEST_F(Ranges, AreNoneWhereNobodyListens) {
  around.environment.clear();
  finished_run("r");
  EXPECT_FALSE(exists("ranges"));
}

}  // namespace
}  // namespace sparcell::test
