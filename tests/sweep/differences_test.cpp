// Paired differences against arithmetic by hand.
#include "sweep/differences.h"

#include <gmock/gmock.h>

#include <cmath>

namespace sparcell {
namespace {

RunOutcome outcome(const std::string& arm, std::int64_t seed,
                   std::vector<std::pair<std::string, double>> values) {
  RunOutcome run;
  run.job.arm = arm;
  run.job.seed = seed;
  run.values = std::move(values);
  return run;
}

TEST(Differences, SeedsArePairedAndUnpairedOnesLeftOut) {
  const auto differences = paired_differences(
      {outcome("reference", 0, {{"m.test.mse", 1.0}, {"m.cost.steps", 3}}),
       outcome("reference", 1, {{"m.test.mse", 3.0}}), outcome("reference", 2, {{"m.test.mse", 100.0}}),
       outcome("arm", 1, {{"m.test.mse", 3.5}}),
       outcome("arm", 0, {{"m.test.mse", 1.1}, {"m.cost.steps", 9}}),
       outcome("arm", 3, {{"m.test.mse", 9.0}})});
  ASSERT_EQ(differences.size(), 1u);  // what a run costs is not compared
  const PairedDifference& paired = differences[0];
  EXPECT_EQ(paired.arm, "arm");
  EXPECT_EQ(paired.metric, "m.test.mse");
  EXPECT_EQ(paired.seeds, 2u);
  EXPECT_EQ(seeds_text(paired), "2");  // of the two that both were to have
  EXPECT_NEAR(paired.reference, 2, 1e-12);
  EXPECT_NEAR(paired.difference, 0.3, 1e-12);  // of 0.1 and 0.5
  const double error = std::sqrt(0.08 / 2);    // standard deviation sqrt(0.08), over two seeds
  EXPECT_NEAR(paired.low, 0.3 - 12.7062047 * error, 1e-6);
  EXPECT_NEAR(paired.high, 0.3 + 12.7062047 * error, 1e-6);
}

TEST(Differences, ASeedThatIsMissingIsSaid) {
  const auto differences =
      paired_differences({outcome("reference", 0, {{"a", 1.0}}), outcome("reference", 1, {{"a", 1.0}}),
                          outcome("arm", 0, {{"a", 0.5}}), outcome("arm", 1, {})});
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(seeds_text(differences[0]), "1 of 2");
}

TEST(Differences, OneSeedHasNoInterval) {
  const auto differences =
      paired_differences({outcome("reference", 0, {{"a", 1.0}}), outcome("arm", 0, {{"a", 0.5}})});
  ASSERT_EQ(differences.size(), 1u);
  EXPECT_EQ(differences[0].difference, -0.5);
  EXPECT_TRUE(std::isnan(differences[0].low) && std::isnan(differences[0].high));
}

}  // namespace
}  // namespace sparcell
