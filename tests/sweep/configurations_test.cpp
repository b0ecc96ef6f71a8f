// Means over seeds against arithmetic by hand.
#include "sweep/configurations.h"

#include <gmock/gmock.h>

#include <cmath>

#include "support/temporary.h"
#include "sweep/tables.h"

namespace sparcell {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

RunOutcome outcome(std::int64_t configuration, std::int64_t seed, std::optional<double> metric,
                   RunPhase phase = RunPhase::done) {
  RunOutcome run;
  run.job.configuration = configuration;
  run.job.seed = seed;
  run.job.run = fmt::format("run{}{}", configuration, seed);
  run.job.parameters = {{"model.m.latent", fmt::format("{}", 8 * (configuration + 1))}};
  run.state.phase = phase;
  run.metric = metric;
  return run;
}

std::vector<std::int64_t> numbers(const std::vector<Configuration>& configurations) {
  std::vector<std::int64_t> all;
  for (const Configuration& configuration : configurations) all.push_back(configuration.number);
  return all;
}

/// Configuration 0 has the best run of all, by its seed; configuration 1 is better over seeds.
const std::vector<RunOutcome> lucky{outcome(0, 0, 0.1), outcome(0, 1, 0.8), outcome(0, 2, 0.9),
                                    outcome(1, 0, 0.3), outcome(1, 1, 0.5), outcome(1, 2, 0.4)};

TEST(Configurations, AreRankedByTheirMeanOverSeeds) {
  const auto smaller = configurations_of(lucky, true);
  EXPECT_THAT(numbers(smaller), ElementsAre(1, 0));
  EXPECT_NEAR(smaller[0].spread.mean, 0.4, 1e-12);
  EXPECT_NEAR(smaller[0].spread.deviation, 0.1, 1e-12);
  EXPECT_NEAR(smaller[1].spread.mean, 0.6, 1e-12);
  EXPECT_NEAR(smaller[1].spread.deviation, std::sqrt(0.38 / 2), 1e-12);  // of -0.5, 0.2, 0.3
  EXPECT_EQ(seeds_text(smaller[0]), "3");
  EXPECT_TRUE(have_seeds(smaller));
  EXPECT_THAT(numbers(configurations_of(lucky, false)), ElementsAre(0, 1));
}

TEST(Configurations, EqualMeansHaveEqualRanks) {
  const std::vector<RunOutcome> outcomes{outcome(0, 0, 0.5), outcome(0, 1, 0.25), outcome(1, 0, 0.25),
                                         outcome(1, 1, 0.5), outcome(2, 0, 1),    outcome(2, 1, 1)};
  std::vector<std::size_t> ranks;
  for (const Configuration& configuration : configurations_of(outcomes, true)) ranks.push_back(configuration.rank);
  EXPECT_THAT(ranks, ElementsAre(1, 1, 3));
}

/// The seed that failed may be the one that tells: what is left of it has no rank, however good it is.
TEST(Configurations, AFailedSeedIsNotAveragedAway) {
  std::vector<RunOutcome> outcomes = lucky;
  outcomes[5] = outcome(1, 2, std::nullopt, RunPhase::failed);
  outcomes.push_back(outcome(2, 0, std::nullopt, RunPhase::failed));
  outcomes.push_back(outcome(2, 1, 0.01));
  outcomes.push_back(outcome(3, 0, std::nullopt, RunPhase::failed));
  const auto configurations = configurations_of(outcomes, true);
  EXPECT_THAT(numbers(configurations), ElementsAre(0, 2, 1, 3));
  EXPECT_EQ(seeds_text(configurations[1]), "1 of 2, 1 failed");
  EXPECT_TRUE(std::isnan(configurations[1].spread.deviation));
  EXPECT_NEAR(configurations[2].spread.mean, 0.4, 1e-12);
  EXPECT_EQ(seeds_text(configurations[2]), "2 of 3, 1 failed");
  EXPECT_EQ(seeds_text(configurations[3]), "0 of 1, 1 failed");
  SweepSettings settings;
  settings.metric.name = "m.loss.validation";
  const std::string table = best_configurations_table(settings, configurations);
  EXPECT_THAT(table, testing::ContainsRegex("\n +1 +0.6 +0.43589 +3 +0 +model.m.latent=8\n"));
  EXPECT_THAT(table, testing::ContainsRegex("\n +- +0.4 +0.14142 +2 of 3, 1 failed +1 +model.m.latent=16\n"));
  EXPECT_THAT(table, Not(HasSubstr("nothing tells"))) << "what has no rank is compared with nothing";
  EXPECT_THAT(table, AllOf(HasSubstr("- has no rank: not every seed of it has the metric\n"),
                           HasSubstr("1 of 4 configurations is not measured: 1 failed\n")));
}

TEST(Configurations, AValueThatIsNotThereIsSaid) {
  const std::vector<RunOutcome> outcomes{outcome(0, 0, 0.5), outcome(0, 1, std::nullopt),
                                         outcome(0, 2, std::nan("")), outcome(1, 0, 0.2, RunPhase::pruned),
                                         outcome(1, 1, std::nullopt, RunPhase::running)};
  const auto configurations = configurations_of(outcomes, true);
  EXPECT_EQ(seeds_text(configurations[0]), "1 of 3, 2 without the metric");
  EXPECT_EQ(seeds_text(configurations[1]), "0 of 2, 1 running, 1 pruned")
      << "what a rung measured is no result";
}

TEST(Configurations, WithoutSeedsThereIsNothingToAverage) {
  const std::vector<RunOutcome> outcomes{outcome(0, 0, 0.5), outcome(1, 0, 0.4)};
  const auto configurations = configurations_of(outcomes, true);
  EXPECT_FALSE(have_seeds(configurations));
  EXPECT_THAT(numbers(configurations), ElementsAre(1, 0));
}

TEST(Configurations, AreALineEachInTheFile) {
  TemporaryFolder folder;
  std::vector<RunOutcome> outcomes{outcome(0, 0, 0.25), outcome(0, 1, 0.75),
                                   outcome(1, 0, std::nullopt, RunPhase::failed)};
  write_configurations(folder / "configurations.csv", configurations_of(outcomes, true), "m.test.mse");
  EXPECT_EQ(
      file_bytes(folder / "configurations.csv"),
      "rank,configuration,arm,runs,done,failed,model.m.latent,metric_mean,metric_sd,folders,"
      "difference,low,high,metric_key\n"
      "1,0,,2,2,0,8,0.5,0.3535533905932738,run00 run01,,,,m.test.mse\n"
      ",1,,1,0,1,16,,,run10,,,,m.test.mse\n");
}

/// Seeds vary by more than configurations differ; over equal seeds one of two is behind the best in each.
TEST(Configurations, AreComparedWithTheBestOverEqualSeeds) {
  const std::vector<RunOutcome> outcomes{
      outcome(0, 0, 0.10), outcome(0, 1, 0.90), outcome(0, 2, 0.50), outcome(1, 0, 0.32), outcome(1, 1, 1.10),
      outcome(1, 2, 0.68), outcome(2, 0, 0.72), outcome(2, 1, 0.62), outcome(2, 2, 0.82), outcome(3, 5, 0.81),
      outcome(3, 6, 0.83)};
  const auto configurations = configurations_of(outcomes, true);
  ASSERT_THAT(numbers(configurations), ElementsAre(0, 1, 2, 3));
  EXPECT_FALSE(configurations[0].from_best);
  // Differences 0.22, 0.20 and 0.18: mean 0.2, deviation 0.02, t of 2 degrees of freedom 4.3027.
  EXPECT_NEAR(configurations[1].from_best->value, 0.2, 1e-12);
  EXPECT_NEAR(configurations[1].from_best->low, 0.2 - 4.30265 * 0.02 / std::sqrt(3), 1e-6);
  EXPECT_NEAR(configurations[1].from_best->high, 0.2 + 4.30265 * 0.02 / std::sqrt(3), 1e-6);
  EXPECT_NEAR(configurations[2].from_best->value, 0.22, 1e-12);
  EXPECT_LT(configurations[2].from_best->low, 0);
  EXPECT_FALSE(configurations[3].from_best) << "other seeds";
  SweepSettings settings;
  const std::string table = best_configurations_table(settings, configurations);
  EXPECT_THAT(table, HasSubstr("+0.2 (+0.15 to +0.25)"));
  EXPECT_THAT(table, HasSubstr("1 of 2 hold 0: nothing tells that one from the best. The best was chosen"));
  TemporaryFolder folder;
  write_configurations(folder / "configurations.csv", configurations, "m.test.mse");
  EXPECT_THAT(file_bytes(folder / "configurations.csv"), testing::ContainsRegex("run10 run11 run12,0.2[0-9]*,0.15[0-9]*,0.24[0-9]*,m.test.mse\n"));
}

}  // namespace
}  // namespace sparcell
