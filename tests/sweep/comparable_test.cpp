// Which metrics compare which runs.
#include "sweep/comparable.h"

#include <gmock/gmock.h>

#include "support/temporary.h"
#include "sweep/submission.h"

namespace sparcell {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class ComparableRuns : public testing::Test {
 protected:
  /// The doubts about the metric between runs of these overrides.
  std::vector<std::string> doubts(const std::string& metric,
                                  const std::vector<std::vector<std::string>>& runs, bool chosen = true,
                                  bool halving = false) {
    write_bytes(folder / "e.yaml",
                "read: {path: cells.h5ad}\nthreads: 1\n"
                "model: {vae: {type: vae}, gan: {type: gan}, ae: {type: autoencoder}}\n");
    const Experiment reference = load_experiment(folder / "e.yaml");
    Comparable comparable(reference, {metric, true}, halving);
    for (const auto& overrides : runs) {
      const Experiment run = load_experiment(folder / "e.yaml", overrides);
      comparable.add(run, overrides_between(reference, run));
    }
    return comparable.warnings(chosen);
  }
  std::string refusal(const std::string& metric, const std::vector<std::vector<std::string>>& runs,
                      bool halving = false) {
    return error_of([&] { doubts(metric, runs, false, halving); }, ExitCode::usage);
  }

  const std::vector<std::string> hinge{"model.gan.loss=hinge", "model.gan.gradient_penalty.on=logit"};
  TemporaryFolder folder;
};

TEST_F(ComparableRuns, ADefaultLossThatARunChangesIsRefusedByTheKeyThatDoes) {
  EXPECT_EQ(refusal("vae.loss.validation", {{"model.vae.kl.weight=0.1"}, {"model.vae.kl.weight=0.5"}}),
            "sweep.metric.name: the default, vae.loss.validation, is another quantity for each value of "
            "model.vae.kl.weight; set sweep.metric.name, as vae.validation.mse or "
            "vae.validation.energy_distance, or vae.loss.validation to rank by it all the same");
  for (const char* key :
       {"model.vae.kl.reduction=sum", "model.vae.reduction=sum", "model.vae.likelihood=nb"}) {
    const std::string name = std::string(key).substr(0, std::string(key).find('='));
    EXPECT_THAT(refusal("vae.loss.validation", {{}, {key}}), HasSubstr("for each value of " + name + ";"));
  }
  EXPECT_THAT(refusal("ae.loss.validation", {{"model.ae.reduction=sum"}, {}}),
              AllOf(HasSubstr("model.ae.reduction"), HasSubstr("as ae.validation.mse, or")));
}

TEST_F(ComparableRuns, TheDefaultMetricIsOfTheFirstModelThatRunsChange) {
  const auto metric = [&](const std::string& sections, SweepKind kind = SweepKind::sweep) {
    write_bytes(folder / "e.yaml",
                "read: {path: cells.h5ad}\n"
                "model: {vae: {type: vae}, gan: {type: gan}, ae: {type: autoencoder}}\n" +
                    sections);
    return metric_of(Plan(folder / "e.yaml", {}), kind).name;
  };
  EXPECT_EQ(metric("sweep: {parameters: {model.gan.latent: {values: [4, 8]}}}\n"),
            "gan.validation.energy_distance");
  EXPECT_EQ(metric("sweep: {parameters: {train.batch: {values: [4, 8]}, model.ae.latent: {values: [4, 8]}}}\n"),
            "ae.loss.validation");
  EXPECT_EQ(metric("sweep: {parameters: {train.batch: {values: [4, 8]}}}\n"), "vae.loss.validation");
  EXPECT_EQ(metric("ablation: {wgan: [model.gan.latent=8]}\n", SweepKind::ablation),
            "gan.validation.energy_distance");
}

TEST_F(ComparableRuns, AChosenLossIsDoubted) {
  EXPECT_THAT(doubts("vae.loss.validation", {{"model.vae.kl.weight=0.1"}, {"model.vae.kl.weight=0.5"}}),
              ElementsAre(HasSubstr("vae.loss.validation is another quantity for each value of "
                                    "model.vae.kl.weight, so it does not say which of them is better")));
  EXPECT_THAT(doubts("gan.loss.generator", {{"model.gan.sparsity.weight=0.1"}, hinge}),
              ElementsAre(HasSubstr("of model.gan.gradient_penalty.on, model.gan.loss, "
                                    "model.gan.sparsity.weight, so")));
  EXPECT_THAT(doubts("gan.loss.generator", {{"model.gan.gradient_penalty.weight=0"}, {}}),
              ElementsAre(HasSubstr("model.gan.gradient_penalty.weight")));
}

/// One value in all runs compares, whatever the file says; and so does what changes how a model learns.
TEST_F(ComparableRuns, WhatIsTheSameQuantityInAllRunsIsNotDoubted) {
  const std::vector<std::string> heavy{"model.vae.kl.weight=0.5"};
  EXPECT_THAT(doubts("vae.loss.validation", {heavy, {heavy[0], "model.vae.latent=3"}}, false), IsEmpty());
  EXPECT_THAT(doubts("vae.loss.validation",
                     {{"train.optimizer.learning_rate=0.1"},
                      {"model.vae.kl.free_bits=0.1"},
                      {"model.vae.kl.warmup=0.1"},
                      {"model.ae.reduction=sum"}},
                     false),
              IsEmpty());
  EXPECT_THAT(doubts("vae.validation.mse", {{"model.vae.kl.weight=0.1"}, heavy}), IsEmpty());
  EXPECT_THAT(doubts("gan.validation.energy_distance", {{"model.gan.sparsity.weight=0"}, hinge, {}}, false),
              IsEmpty());
  EXPECT_THAT(
      doubts("vae.loss.validation", {{"model.vae.likelihood=nb"}, {"model.vae.likelihood=zinb"}}, false),
      IsEmpty())
      << "both are log-likelihoods of the same counts";
}

TEST_F(ComparableRuns, TheTrainingLossHasMoreInIt) {
  EXPECT_THAT(doubts("vae.loss.train", {{"model.vae.kl.free_bits=0.1"}, {}}),
              ElementsAre(HasSubstr("model.vae.kl.free_bits")));
  EXPECT_THAT(doubts("ae.loss.train", {{"model.ae.input.mix=0.1"}, {}}),
              ElementsAre(HasSubstr("model.ae.input.mix")));
}

TEST_F(ComparableRuns, LikelihoodsOfValuesAndOfCountsAreTwoThings) {
  EXPECT_THAT(
      doubts("vae.validation.iwelbo", {{"model.vae.likelihood=nb"}, {"model.vae.likelihood=gaussian"}}),
      ElementsAre(HasSubstr("model.vae.likelihood")));
}

/// A rung ends while the weight still rises.
TEST_F(ComparableRuns, HalvingSeesTheWarmUp) {
  EXPECT_THAT(refusal("vae.loss.validation", {{"model.vae.kl.warmup=0.1"}, {}}, true),
              AllOf(HasSubstr("for each value of model.vae.kl.warmup; take method grid or random with "
                              "sweep.metric.name=vae.validation.mse"),
                    HasSubstr("name vae.loss.validation to halve by it")));
}

TEST_F(ComparableRuns, OtherCellsGenesOrValuesAreDoubtedWhateverTheMetric) {
  EXPECT_THAT(doubts("vae.validation.mse", {{"select.genes=50"}, {"select.genes=60"}}),
              ElementsAre(HasSubstr("the runs differ in select.genes: metrics are of other cells, genes or "
                                    "values in each")));
  EXPECT_THAT(doubts("ae.loss.validation", {{"normalize.target_sum=1000"}, {}}, false),
              ElementsAre(HasSubstr("normalize.target_sum")));
  EXPECT_THAT(doubts("ae.loss.validation", {{"seed=1"}, {"seed=2"}, {"split.seed=9"}}, false), IsEmpty())
      << "seeds have splits of their own";
}

}  // namespace
}  // namespace sparcell
