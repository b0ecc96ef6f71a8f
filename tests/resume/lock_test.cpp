// One process writes to a run: the lock against living, dead, silent and foreign processes.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>

#include <thread>

#include "experiment/run_lock.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Lock : public SmallExperiment {
 protected:
  /// What the lock of this process says.
  nlohmann::json own_lock() {
    const RunLock lock(folder.path());
    return json("lock.json");
  }
  /// Leaves a lock whose last sign of life was so long ago.
  void leave_lock(const nlohmann::json& content, int seconds_ago) {
    write_bytes(folder / "lock.json", content.dump());
    timespec then{};
    ::clock_gettime(CLOCK_REALTIME, &then);
    then.tv_sec -= seconds_ago;
    const timespec times[] = {then, then};
    ::utimensat(AT_FDCWD, (folder / "lock.json").c_str(), times, 0);
  }
  std::string refusal() {
    return error_of([&] { const RunLock lock(folder.path()); }, ExitCode::usage);
  }
  void expect_taken_over() {
    const RunLock lock(folder.path());
    EXPECT_EQ(json("lock.json")["process"], ::getpid());
  }
};

TEST_F(Lock, IsThereWhileItIsHeld) {
  {
    const RunLock lock(folder.path());
    EXPECT_EQ(json("lock.json")["process"], ::getpid());
    EXPECT_THAT(refusal(), AllOf(HasSubstr(folder.path().string()),
                                 HasSubstr(fmt::format("in use by process {}", ::getpid()))));
  }
  EXPECT_FALSE(exists("lock.json"));
}

TEST_F(Lock, OfADeadProcessOnThisHostIsTakenOver) {
  nlohmann::json content = own_lock();
  content["process"] = 4194305;  // above the largest process id of Linux
  leave_lock(content, 0);
  expect_taken_over();
}

TEST_F(Lock, OfAProcessThatHadOurIdBeforeIsTakenOver) {
  nlohmann::json content = own_lock();
  content["started"] = "1";
  leave_lock(content, 0);
  expect_taken_over();
}

TEST_F(Lock, OfAnotherHostIsTakenOverWhenItIsSilent) {
  nlohmann::json content = own_lock();
  content["host"] = "node17";
  content["boot"] = "another";
  leave_lock(content, 50);
  EXPECT_THAT(refusal(), HasSubstr("on node17 (last sign of life 5"));
  leave_lock(content, 70);
  expect_taken_over();
}

TEST_F(Lock, OfTheSameJobStartedAgainIsTakenOverAtOnce) {
  ::setenv("SLURM_JOB_ID", "77", 1);
  nlohmann::json content = own_lock();
  content["host"] = "node17";
  content["boot"] = "another";
  leave_lock(content, 0);
  EXPECT_THAT(refusal(), HasSubstr("node17"));
  ::setenv("SLURM_RESTART_COUNT", "1", 1);
  expect_taken_over();
  ::unsetenv("SLURM_JOB_ID");
  ::unsetenv("SLURM_RESTART_COUNT");
}

TEST_F(Lock, ThatIsDamagedIsTakenOverWhenItIsSilent) {
  write_bytes(folder / "lock.json", "");
  EXPECT_THAT(refusal(), HasSubstr("in use"));
  leave_lock("no lock", 70);
  expect_taken_over();
}

TEST_F(Lock, ManyWhoTakeADeadOneOverAtOnceAreOneWinner) {
  for (int round = 0; round < 20; ++round) {
    nlohmann::json content = own_lock();
    content["process"] = 4194305;
    leave_lock(content, 0);
    std::vector<pid_t> contenders;
    constexpr int count = 8;
    for (int i = 0; i < count; ++i) {
      contenders.push_back(::fork());
      if (contenders.back() != 0) continue;
      try {
        const RunLock lock(folder.path());
        write_bytes(folder / fmt::format("winner{}", i), "");
        std::this_thread::sleep_for(std::chrono::milliseconds(300));
        lock.check();
        ::_exit(0);
      } catch (const Error&) {
        ::_exit(2);
      }
    }
    int winners = 0;
    for (const pid_t contender : contenders) {
      int status = 0;
      ::waitpid(contender, &status, 0);
      winners += WIFEXITED(status) && WEXITSTATUS(status) == 0;
    }
    EXPECT_EQ(winners, 1);
    if (HasFailure()) break;
    std::filesystem::remove(folder / "lock.json");
  }
}

TEST_F(Lock, KeepsASecondProcessOutOfARun) {
  Program first({"run", "small.yaml", "train.epochs=100000000", "--out", "r"}, around);
  for (int tries = 0; tries < 3000 && !exists("r/status.json"); ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  const Finished second = program({"resume", "r"});
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err, HasSubstr("r is in use by process "));
  first.send(SIGTERM);
  EXPECT_EQ(first.wait().code, 75);
  EXPECT_FALSE(exists("r/lock.json"));
}

}  // namespace
}  // namespace sparcell::test
