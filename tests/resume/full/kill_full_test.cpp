// A thousand signals at random moments.
#include <gmock/gmock.h>

#include "resume/killed_runs.h"

namespace sparcell::test {
namespace {

class ManyKills : public KilledRuns, public testing::WithParamInterface<int> {};

TEST_P(ManyKills, EndEqualToTheUndisturbedRun) {
  std::mt19937 random(static_cast<std::uint32_t>(1000 + GetParam()));
  kill_and_resume(100, random);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ManyKills, testing::Range(0, 10));

}  // namespace
}  // namespace sparcell::test
