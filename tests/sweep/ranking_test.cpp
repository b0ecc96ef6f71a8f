// What a sweep ranks, and by what.
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

class Ranking : public SmallSweep {};

TEST_F(Ranking, ConfigurationsAreRankedByTheMeanOfTheirSeeds) {
  ASSERT_EQ(sweep().code, 0);
  const auto configurations = table("configurations.csv");
  ASSERT_THAT(configurations, SizeIs(2));
  EXPECT_THAT(column("configurations.csv", "rank"), ElementsAre("1", "2"));
  std::map<std::string, double> means;
  for (auto& run : table("results.csv")) means[run["model.ae.latent"]] += std::stod(run["metric"]) / 2;
  for (const auto& configuration : configurations) {
    EXPECT_NEAR(std::stod(configuration.at("metric_mean")), means.at(configuration.at("model.ae.latent")),
                1e-12);
    EXPECT_EQ(configuration.at("done"), "2");
  }
  EXPECT_LT(std::stod(configurations[0].at("metric_mean")), std::stod(configurations[1].at("metric_mean")));
}

/// Who opens the tables reads there what they are ranked by: it names the column that `metric` repeats.
TEST_F(Ranking, TablesSayWhichMetricTheyAreRankedBy) {
  ASSERT_EQ(sweep({"sweep.metric.name=ae.test.r2"}).code, 0);
  for (const char* file : {"results.csv", "configurations.csv"}) {
    EXPECT_EQ(read_csv(folder / (std::string("s/") + file)).at(0).back(), "metric_key") << file;
    EXPECT_THAT(column(file, "metric_key"), Each("ae.test.r2")) << file;
  }
  for (auto& run : table("results.csv")) EXPECT_EQ(run.at("metric"), run.at(run.at("metric_key")));
}

/// Wherever the seeds stand, runs that differ in nothing else are one configuration.
TEST_F(Ranking, SeedsThatAreSweptAsAParameterAreSeeds) {
  write_sweep("parameters: {seed: {values: [0, 1]}, model.ae.latent: {values: [2, 3]}}");
  ASSERT_EQ(sweep().code, 0);
  EXPECT_THAT(column("results.csv", "configuration"), ElementsAre("0", "1", "0", "1"));
  const std::string swept = file_bytes(folder / "s/configurations.csv");
  std::filesystem::remove_all(folder / "s");
  write_sweep("parameters: {model.ae.latent: {values: [2, 3]}}, seeds: [0, 1]");
  ASSERT_EQ(sweep().code, 0);
  EXPECT_THAT(column("results.csv", "configuration"), ElementsAre("0", "0", "1", "1"));
  EXPECT_EQ(file_bytes(folder / "s/configurations.csv"), swept);
}

TEST_F(Ranking, OneSeedIsRankedRunByRun) {
  const Finished done = sweep({"sweep.seeds=[0]"});
  EXPECT_THAT(done.out, HasSubstr("Best runs (smaller is better)"));
}

TEST_F(Ranking, ALossThatTheRunsChangeDoesNotRankThem) {
  const std::vector<std::string> weights{"~model.ae",
                                         "model.vae={type: vae, hidden: [16], latent: 4, dropout: [0.1]}",
                                         "sweep={parameters: {model.vae.kl.weight: {values: [0.1, 0.2]}}}"};
  for (const char* command : {"sweep", "validate"}) {
    std::vector<std::string> arguments{command, "sweep.yaml"};
    arguments.insert(arguments.end(), weights.begin(), weights.end());
    const Finished refused = program(arguments);
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.err, HasSubstr("is another quantity for each value of model.vae.kl.weight; set "
                                       "sweep.metric.name, as vae.validation.mse"));
  }
  EXPECT_FALSE(exists("s"));
  std::vector<std::string> named = weights;
  named.emplace_back("sweep.metric.name=vae.loss.validation");
  const Finished doubted = sweep(named);
  EXPECT_EQ(doubted.code, 0) << doubted.err;
  const std::string doubt = "vae.loss.validation is another quantity for each value of model.vae.kl.weight";
  EXPECT_THAT(doubted.err, HasSubstr("warning: sweep.metric.name: " + doubt));
  EXPECT_THAT(file_bytes(folder / "s/report.html"), HasSubstr(doubt));
  named.back() = "sweep.metric.name=vae.validation.mse";
  const Finished compared = sweep(named);
  EXPECT_EQ(compared.code, 0) << compared.err;
  EXPECT_THAT(compared.err, Not(HasSubstr("another quantity")));
  for (auto& row : table("results.csv")) EXPECT_EQ(row["metric"], row["vae.validation.mse"]);
}

}  // namespace
}  // namespace sparcell::test
