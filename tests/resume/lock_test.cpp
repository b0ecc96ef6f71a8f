// One process writes to a run: the lock against living, dead, silent and foreign processes.
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mman.h>

#include <atomic>
#include <new>
#include <thread>

#include "support/locks.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;

class Lock : public SmallExperiment {
 protected:
  void leave_lock(const nlohmann::json& content, int seconds_ago) {
    test::leave_lock(folder.path(), content, seconds_ago);
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
  const nlohmann::json content = lock_of_another_host();
  leave_lock(content, 50);
  EXPECT_THAT(refusal(), HasSubstr("on node17 (last sign of life 5"));
  leave_lock(content, 70);
  expect_taken_over();
}

TEST_F(Lock, OfAnotherKindIsTakenOverWhenItIsSilent) {
  nlohmann::json content = own_lock();
  content["process"] = "me";
  content["host"] = 3;
  leave_lock(content, 50);
  EXPECT_THAT(refusal(), HasSubstr("in use by process ? on ? (last sign of life 5"));
  leave_lock(content, 70);
  expect_taken_over();
}

/// Without taking its exit code.
bool exited(pid_t process) {
  siginfo_t information{};
  return ::waitid(P_PID, static_cast<id_t>(process), &information, WEXITED | WNOHANG | WNOWAIT) == 0 &&
         information.si_pid == process;
}

/// A process that finds another name for its host takes the lock and holds it until it is lost or there is a
/// file `end`. Exit code 0: held to the end, 7: lost, 77: this system lets no process have that.
pid_t hold_lock_on_another_host(const std::filesystem::path& folder) {
  const pid_t holder = ::fork();
  if (holder != 0) return holder;
  if (::unshare(CLONE_NEWUTS) != 0 && ::unshare(CLONE_NEWUSER | CLONE_NEWUTS) != 0) ::_exit(77);
  if (::sethostname("node17", 6) != 0) ::_exit(77);
  try {
    const RunLock lock(folder);
    while (!std::filesystem::exists(folder / "end")) {
      lock.check();
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    }
  } catch (const LockLost&) {
    ::_exit(7);
  }
  ::_exit(0);
}

TEST_F(Lock, OfALivingProcessOnAnotherHostIsRenewedAndOneThatStoodStillLosesIt) {
  const pid_t holder = hold_lock_on_another_host(folder.path());
  const std::filesystem::path lock_file = folder / "lock.json";
  const auto exit_code = [&] {
    int status = 0;
    ::waitpid(holder, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  };
  const auto wait_for = [](const auto& condition) {
    for (int tries = 0; tries < 1500 && !condition(); ++tries)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    return condition();
  };
  const auto age = [&] {
    return std::filesystem::file_time_type::clock::now() - std::filesystem::last_write_time(lock_file);
  };
  const auto make_old = [&] {
    using namespace std::chrono_literals;
    std::filesystem::last_write_time(lock_file, std::filesystem::file_time_type::clock::now() - 70s);
  };
  if (!wait_for([&] { return std::filesystem::exists(lock_file) || exited(holder); }) ||
      !std::filesystem::exists(lock_file)) {
    ASSERT_EQ(exit_code(), 77);
    GTEST_SKIP() << "a process cannot have a host name of its own here";
  }
  make_old();
  EXPECT_TRUE(wait_for([&] { return age() < std::chrono::seconds(30); }))
      << "its heart beats every ten seconds";
  EXPECT_THAT(refusal(), HasSubstr("on node17 (last sign of life "));

  ::kill(holder, SIGSTOP);  // as a host that hangs
  make_old();
  {
    const RunLock ours(folder.path());
    ::kill(holder, SIGCONT);
    EXPECT_EQ(exit_code(), 7) << "it must write nothing more";
    EXPECT_EQ(json("lock.json")["process"], ::getpid());
  }
  EXPECT_FALSE(exists("lock.json"));
}

TEST_F(Lock, OfTheSameJobStartedAgainIsTakenOverAtOnce) {
  ::setenv("SLURM_JOB_ID", "77", 1);
  const nlohmann::json content = lock_of_another_host();
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

/// Processes that want the lock at once, each of which keeps what it gets until all have got an answer.
class Contenders {
 public:
  explicit Contenders(int count) : count_(count), shared_(shared_counts()) {}
  ~Contenders() { ::munmap(shared_, sizeof *shared_); }
  Contenders(const Contenders&) = delete;
  Contenders& operator=(const Contenders&) = delete;

  /// How many got it.
  int winners(const std::filesystem::path& folder) {
    shared_->ready = shared_->answered = 0;
    std::vector<pid_t> processes;
    for (int i = 0; i < count_; ++i) {
      processes.push_back(::fork());
      if (processes.back() == 0) contend(folder);
    }
    int winners = 0;
    for (const pid_t process : processes) {
      int status = 0;
      ::waitpid(process, &status, 0);
      winners += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
    }
    return winners;
  }

 private:
  struct Counts {
    std::atomic<int> ready{0}, answered{0};
  };
  static Counts* shared_counts() {
    void* const memory =
        ::mmap(nullptr, sizeof(Counts), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw InternalError("no shared memory");
    return new (memory) Counts;
  }
  void wait_for_all(std::atomic<int>& count) const {
    ++count;
    while (count < count_) std::this_thread::yield();
  }
  [[noreturn]] void contend(const std::filesystem::path& folder) const {
    wait_for_all(shared_->ready);
    try {
      const RunLock lock(folder);
      wait_for_all(shared_->answered);
      ::_exit(0);
    } catch (const Error&) {
      wait_for_all(shared_->answered);
      ::_exit(2);
    }
  }

  const int count_;
  Counts* const shared_;
};

TEST_F(Lock, ManyWhoTakeADeadOneOverAtOnceAreOneWinner) {
  Contenders contenders(8);
  for (int round = 0; round < 200; ++round) {
    nlohmann::json content = own_lock();
    content["process"] = 4194305;
    leave_lock(content, 0);
    ASSERT_EQ(contenders.winners(folder.path()), 1) << "in round " << round;
    std::filesystem::remove(folder / "lock.json");  // which a winner that leaves like this does not
  }
}

TEST_F(Lock, ATakeoverThatWasKilledIsGoneOnWithWhenItIsSilent) {
  nlohmann::json content = own_lock();
  content["process"] = 4194305;
  leave_lock(content, 0);
  write_bytes(folder / "lock.json.takeover.partial", "");
  EXPECT_THAT(refusal(), HasSubstr("other processes are taking it over"));
  const auto old = std::filesystem::file_time_type::clock::now() - std::chrono::seconds(70);
  std::filesystem::last_write_time(folder / "lock.json.takeover.partial", old);
  expect_taken_over();
  EXPECT_FALSE(exists("lock.json.takeover.partial"));
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
