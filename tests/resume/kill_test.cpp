// Thirty signals at random moments: every run ends equal to the one that was left alone.
#include <gmock/gmock.h>

#include "resume/killed_runs.h"

namespace sparcell::test {
namespace {

TEST_F(KilledRuns, EndEqualToTheUndisturbedRun) {
  constexpr int runs = 10, kills = 3;
  std::mt19937 random(20);
  for (int run = 0; run < runs; ++run) kill_and_resume(fmt::format("killed{}", run), kills, random);
  EXPECT_GE(stopped_, runs * kills / 3)
      << "too few processes were stopped before their end to prove anything";
}

}  // namespace
}  // namespace sparcell::test
