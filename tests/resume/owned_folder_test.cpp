// What a run does in its folder that is not its own: other processes' files, other runs, the user's.
#include <gmock/gmock.h>
#include <sys/inotify.h>

#include <chrono>
#include <thread>

#include "experiment/run_folder.h"
#include "support/locks.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsSupersetOf;
using testing::Not;

class OwnedFolder : public SmallExperiment {
 protected:
  /// A file in the run folder r.
  void leave(const std::string& name) const {
    const std::filesystem::path path = folder / ("r/" + name);
    std::filesystem::create_directories(path.parent_path());
    write_bytes(path, "");
  }
  void leave_another_hosts_lock() const { leave_lock(folder / "r", lock_of_another_host(), 0); }
};

TEST_F(OwnedFolder, ALockIsLookedAtAgainBeforeAnythingIsWritten) {
  std::filesystem::create_directories(folder / "r");
  for (const bool is_there : {true, false}) {
    const RunLock lock(folder / "r");
    EXPECT_NO_THROW(lock.check());
    leave_another_hosts_lock();
    if (!is_there) std::filesystem::remove(folder / "r/lock.json");  // by one that has ended since
    std::this_thread::sleep_for(4s);
    EXPECT_THROW(lock.check(), LockLost) << "long before the next heartbeat";
    std::filesystem::remove(folder / "r/lock.json");
  }
}

TEST_F(OwnedFolder, ThatAnotherProcessTookOverBeforeTheFirstCheckpointIsLeftAsItIs) {
  Program run(
      {"run", "small.yaml", "train.epochs=100000000", "train.checkpoint.every.epochs=0", "--out", "r"},
      around);
  const auto trains = [&] {
    return exists("r/status.json") && json("r/status.json").value("stage", "") == "train";
  };
  for (int tries = 0; tries < 3000 && !trains(); ++tries) std::this_thread::sleep_for(10ms);
  ASSERT_TRUE(trains());
  run.send(SIGSTOP);  // just after it wrote its status, and for longer than it trusts its last look
  leave_another_hosts_lock();
  const std::string lock = file_bytes(folder / "r/lock.json");
  write_bytes(folder / "r/status.json", "theirs");
  const std::string curves = file_bytes(folder / "r/metrics.csv");
  std::this_thread::sleep_for(4s);
  run.send(SIGCONT);
  const Finished ended = run.wait();
  EXPECT_EQ(ended.code, 2);
  EXPECT_THAT(ended.err, HasSubstr("another process took this run over"));
  EXPECT_EQ(file_bytes(folder / "r/lock.json"), lock);
  EXPECT_EQ(file_bytes(folder / "r/status.json"), "theirs");
  EXPECT_TRUE(file_bytes(folder / "r/metrics.csv") == curves) << "its curves grew";
  EXPECT_TRUE(exists("r/config.yaml"));
}

TEST_F(OwnedFolder, ThatAnotherProcessTookOverUnseenIsLeftAsItIs) {
  {
    const auto owned = OwnedRunFolder::create(folder / "r");
    leave_another_hosts_lock();
    leave("status.json");
  }
  EXPECT_THAT(files("r"), ElementsAre("lock.json", "status.json"));
}

TEST_F(OwnedFolder, LosesItsLockLast) {
  const int events = ::inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
  {
    const auto owned = OwnedRunFolder::create(folder / "r");
    for (int i = 0; i < 50; ++i) leave(fmt::format("file{}", i));  // folders list names in any order
    ASSERT_GE(::inotify_add_watch(events, (folder / "r").c_str(), IN_DELETE), 0);
  }
  EXPECT_FALSE(exists("r"));
  alignas(inotify_event) char bytes[1 << 14];
  const ssize_t count = ::read(events, bytes, sizeof bytes);
  ::close(events);
  std::vector<std::string> removed;
  for (ssize_t at = 0; at < count;) {
    const auto* event = reinterpret_cast<const inotify_event*>(bytes + at);
    if ((event->mask & IN_DELETE) != 0 && (event->mask & IN_ISDIR) == 0) removed.emplace_back(event->name);
    at += static_cast<ssize_t>(sizeof *event + event->len);
  }
  ASSERT_EQ(removed.size(), 51u);
  EXPECT_EQ(removed.back(), "lock.json");
}

/// Files of dead processes of this run, and files that are not theirs.
TEST_F(OwnedFolder, LosesTheUnfinishedFilesOfItsDeadProcessesAlone) {
  const std::vector<std::string> unfinished{"status.json.77.partial", "lock.json.node17.77.partial",
                                            "checkpoints/preprocessing.h5.77.partial",
                                            "checkpoints/ae/last.h5.77.partial"};
  const std::vector<std::string> others{"notes.partial",
                                        ".partial",
                                        "77.partial",
                                        "a.77x.partial",
                                        "sub/status.json.77.partial",
                                        "sub/checkpoints/ae/last.h5.77.partial",
                                        "checkpoints/ae/mine/last.h5.77.partial"};
  for (const bool is_new : {true, false}) {
    for (const std::string& name : unfinished) leave(name);
    for (const std::string& name : others) leave(name);
    const auto owned = is_new ? OwnedRunFolder::create(folder / "r") : OwnedRunFolder::open(folder / "r");
    EXPECT_THAT(files("r"), IsSupersetOf(others));
    for (const std::string& name : unfinished) EXPECT_THAT(files("r"), Not(Contains(name)));
  }
}

}  // namespace
}  // namespace sparcell::test
