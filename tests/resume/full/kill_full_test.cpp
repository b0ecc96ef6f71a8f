// A thousand signals at random moments.
#include <gmock/gmock.h>

#include "resume/killed_runs.h"

namespace sparcell::test {
namespace {

class ManyKills : public KilledRuns, public testing::WithParamInterface<int> {};

TEST_P(ManyKills, EndEqualToTheUndisturbedRun) {
  constexpr int runs = 25, kills = 4;
  std::mt19937 random(static_cast<std::uint32_t>(1000 + GetParam()));
  for (int run = 0; run < runs; ++run) kill_and_resume(fmt::format("killed{}", run), kills, random);
  EXPECT_GE(stopped_, runs * kills / 3)
      << "too few processes were stopped before their end to prove anything";
}

INSTANTIATE_TEST_SUITE_P(Seeds, ManyKills, testing::Range(0, 10));

}  // namespace
}  // namespace sparcell::test
