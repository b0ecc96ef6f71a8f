// Whose clock says for how long a lock has been silent: the file system's, where it can be asked.
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <ctime>

#include "support/locks.h"
#include "support/small_experiment.h"

namespace {

std::time_t clock_ahead = 0;

}  // namespace

/// This host's clock, in place of the C library's.
extern "C" std::time_t time(std::time_t* seconds) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  now.tv_sec += clock_ahead;
  if (seconds != nullptr) *seconds = now.tv_sec;
  return now.tv_sec;
}

namespace sparcell::test {
namespace {

class LockTime : public SmallExperiment {
 protected:
  ~LockTime() override { clock_ahead = 0; }
  bool held_by_another_host(int seconds_ago) const {
    leave_lock(folder.path(), lock_of_another_host(), seconds_ago);
    return RunLock::held(folder.path());
  }
};

TEST_F(LockTime, IsNotThatOfThisHostsClock) {
  for (const std::time_t ahead : {-120, 0, 120}) {
    clock_ahead = ahead;
    EXPECT_TRUE(held_by_another_host(0)) << ahead;
    EXPECT_FALSE(held_by_another_host(70)) << ahead;
  }
  EXPECT_THAT(files(), testing::ElementsAre("cells.h5ad", "lock.json", "small.yaml"));
}

TEST_F(LockTime, IsThatOfThisHostsClockWhereNothingCanBeWritten) {
  leave_lock(folder.path(), lock_of_another_host(), 0);
  ::chmod(folder.path().c_str(), 0555);
  constexpr uid_t nobody = 65534;
  const bool root = ::geteuid() == 0;
  ASSERT_EQ(root ? ::seteuid(nobody) : 0, 0);  // root can write everywhere
  const bool held = RunLock::held(folder.path());
  clock_ahead = 120;
  const bool held_later = RunLock::held(folder.path());
  ASSERT_EQ(root ? ::seteuid(0) : 0, 0);
  ::chmod(folder.path().c_str(), 0755);
  EXPECT_TRUE(held);
  EXPECT_FALSE(held_later);
}

}  // namespace
}  // namespace sparcell::test
