// Sweeps and processes that are not theirs: whom cancel signals, and whose run a failure is written into.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "support/locks.h"
#include "sweep/run_state.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class OtherProcesses : public SmallSweep {
 protected:
  /// A process that holds the folder's lock until it is signalled.
  pid_t hold_lock(const std::string& name) const {
    const pid_t holder = ::fork();
    if (holder == 0) {
      const RunLock lock(folder / name);
      while (true) ::pause();
    }
    for (int tries = 0; tries < 1000 && !exists(name + "/lock.json"); ++tries)
      std::this_thread::sleep_for(5ms);
    return holder;
  }
};

TEST_F(OtherProcesses, CancelSignalsTheLauncherAloneAndNotAnotherWithItsProcessId) {
  ASSERT_EQ(sweep({"sweep.seeds=[0]", "sweep.parameters={}", "train.epochs=1"}).code, 0);
  const pid_t launcher = hold_lock("s");
  const nlohmann::json lock = json("s/lock.json");
  ASSERT_EQ(lock["process"], launcher);
  for (const auto& [key, other] :
       {std::pair{"boot", "another"}, {"process_space", "pid:[1]"}, {"host", "node17"}}) {
    nlohmann::json content = lock;
    content[key] = other;
    leave_lock(folder / "s", content, 0);
    const Finished refused = program({"cancel", "s"});
    EXPECT_EQ(refused.code, 2) << key << refused.out;
    EXPECT_THAT(refused.err, HasSubstr("cancel it there")) << key;
  }
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(::waitpid(launcher, nullptr, WNOHANG), 0) << "it was signalled";
  leave_lock(folder / "s", lock, 0);
  EXPECT_EQ(program({"cancel", "s"}).code, 0);
  int status = 0;
  ::waitpid(launcher, &status, 0);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
}

/// A run folder has nothing but its lock when its process begins; a status.json would make that one refuse
/// itself.
TEST_F(OtherProcesses, AFailureIsNotWrittenIntoTheFolderOfAnotherProcess) {
  const std::vector<std::string> one_run{"sweep.seeds=[0]", "sweep.parameters={}", "train.epochs=1"};
  ASSERT_EQ(sweep(one_run).code, 0);
  const std::string run = "s/" + column("jobs.csv", "run")[0];
  std::filesystem::remove_all(folder / run);
  std::filesystem::create_directories(folder / run);
  {
    const RunLock theirs(folder / run);
    const Finished second = program({"resume", "s", "--task", "0"});
    EXPECT_EQ(second.code, 2);
    EXPECT_THAT(second.err, HasSubstr("is in use by process"));
    EXPECT_FALSE(exists(run + "/status.json"));
    note_failure(folder / run, "another failure", 3);
    EXPECT_FALSE(exists(run + "/status.json"));
  }
  EXPECT_EQ(program({"resume", "s", "--task", "0"}).code, 0);
}

}  // namespace
}  // namespace sparcell::test
