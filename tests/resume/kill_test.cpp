// Thirty signals at random moments: every run ends equal to the one that was left alone.
#include <gmock/gmock.h>

#include "resume/killed_runs.h"

namespace sparcell::test {
namespace {

TEST_F(KilledRuns, EndEqualToTheUndisturbedRun) {
  std::mt19937 random(20);
  kill_and_resume(30, random);
}

}  // namespace
}  // namespace sparcell::test
