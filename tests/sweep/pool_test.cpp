// Sweeps that are stopped, killed and watched: nothing is lost and nothing is made twice.
#include <chrono>
#include <fstream>
#include <thread>

#include "experiment/equal_runs.h"
#include "math/philox.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using namespace std::chrono_literals;
using testing::AllOf;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class Pool : public SmallSweep {
 protected:
  /// Twelve runs long enough to be hit.
  Pool() { write_sweep("parameters: {model.ae.latent: {values: [2, 3, 4, 5]}}, seeds: [0, 1, 2]"); }
  static inline const std::vector<std::string> longer{"train.epochs=150", "--jobs", "2"};

  /// Waits for a run that trains; false where the sweep ends first.
  bool wait_for_training() const {
    for (int i = 0; i < 2000; ++i) {
      std::error_code gone;
      for (const auto& entry : std::filesystem::directory_iterator(folder / "s", gone)) {
        if (!exists("s/" + entry.path().filename().string() + "/result.json") &&
            std::filesystem::exists(entry.path() / "metrics.csv"))
          return true;
      }
      std::this_thread::sleep_for(5ms);
    }
    return false;
  }
  std::vector<pid_t> children(pid_t process) const {
    std::ifstream file(fmt::format("/proc/{0}/task/{0}/children", process));
    return {std::istream_iterator<pid_t>(file), {}};
  }
};

TEST_F(Pool, CtrlCLeavesEverythingResumable) {
  Program launcher(sweep_arguments(longer), around);
  ASSERT_TRUE(wait_for_training());
  launcher.send(SIGINT);
  const Finished stopped = launcher.wait();
  EXPECT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_THAT(stopped.err, HasSubstr("runs left; sparcell resume s goes on with them"));
  EXPECT_THAT(program({"status", "s"}).out, testing::ContainsRegex("interrupted .* ae [0-9]+/[0-9]+"));
  const Finished resumed = program({"resume", "s"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(12), Each("done")));
}

/// Nobody waits for these runs to end.
TEST_F(Pool, CancelStopsItsLauncherAndASecondOneIsRefused) {
  const std::vector<std::string> endless{"train.epochs=100000", "--jobs", "2"};
  Program launcher(sweep_arguments(endless), around);
  ASSERT_TRUE(wait_for_training());
  write_bytes(folder / "sweep.yaml", file_bytes(folder / "sweep.yaml") + "# changed\n");
  const Finished second = sweep(endless);
  EXPECT_EQ(second.code, 2);
  EXPECT_THAT(second.err, AllOf(HasSubstr("s is in use by process"), HasSubstr("file has changed since")));
  EXPECT_THAT(program({"status", "s"}).out, AllOf(HasSubstr(" running, "), testing::EndsWith(" waiting\n")));
  Program watching({"status", "s", "--watch"}, around);
  EXPECT_EQ(program({"cancel", "s"}).code, 0);
  const Finished stopped = launcher.wait();
  const Finished watched = watching.wait();
  EXPECT_EQ(watched.code, 0) << watched.err;
  EXPECT_THAT(watched.out, HasSubstr("interrupted")) << "it ends when the sweep rests";
  EXPECT_EQ(stopped.code, 75);
  EXPECT_THAT(stopped.err, HasSubstr("sweep.yaml has changed while its sweep ran"));
  EXPECT_THAT(program({"cancel", "s"}).err, HasSubstr("no process launches this sweep"));
  EXPECT_THAT(program({"status", "s"}).out,
              HasSubstr("12 runs, 12 interrupted\n"
                        "Nothing launches this sweep now; sparcell resume s goes on with 12 runs.\n"));
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(12), Each("interrupted")));
}

/// A disk that fills up: neither the run that met it is tried again nor any other.
TEST_F(Pool, WithoutRoomForARunNoMoreBegin) {
  around.file_bytes = 16 << 10;  // less than a checkpoint, more than what says that it found no room
  const Finished full = sweep({"--jobs", "1"});
  EXPECT_EQ(full.code, 75) << full.err;
  EXPECT_THAT(full.err, AllOf(HasSubstr("the disk is full: run "), HasSubstr("; no more runs begin\n"),
                              HasSubstr("sparcell resume s goes on with them"), testing::Not(HasSubstr("it goes on"))));
  EXPECT_THAT(column("jobs.csv", "run"), SizeIs(12));
  std::size_t begun = 0;
  for ([[maybe_unused]] const auto& log : std::filesystem::directory_iterator(folder / "s/logs")) ++begun;
  EXPECT_EQ(begun, 1);
  around.file_bytes.reset();
  EXPECT_EQ(program({"resume", "s"}).code, 0);
  EXPECT_THAT(column("results.csv", "state"), AllOf(SizeIs(12), Each("done")));
}

TEST_F(Pool, KillsOfWorkersAndOfTheLauncherLoseNothing) {
  std::map<std::string, std::filesystem::file_time_type> seen;
  for (std::uint32_t round = 0; round < 8; ++round) {
    Program launcher(sweep_arguments(longer), around);
    wait_for_training();
    const std::uint32_t draw = math::philox({{round, 0, 0, 0}}, 1, 2).word[0];
    std::this_thread::sleep_for(std::chrono::milliseconds(draw % 200));
    if (round % 2 == 0) {
      for (const pid_t worker : children(launcher.process())) ::kill(worker, SIGKILL);
      std::this_thread::sleep_for(100ms);
    }
    launcher.send(SIGKILL);
    launcher.wait();
    for (const auto& [run, time] : results()) {
      const auto [place, is_new] = seen.emplace(run, time);
      EXPECT_TRUE(is_new || place->second == time) << run << " was made twice";
    }
  }
  const Finished done = sweep(longer);
  ASSERT_EQ(done.code, 0) << done.err;
  for (const auto& [run, time] : seen) EXPECT_EQ(results().at(run), time) << run << " was made twice";
  ASSERT_THAT(results(), SizeIs(12));
  std::vector<std::string> undisturbed = sweep_arguments(longer);
  undisturbed[3] = "u";
  const Finished whole = program(undisturbed);
  ASSERT_EQ(whole.code, 0) << whole.err;
  const std::size_t idle = whole.err.find("slots were idle ");
  ASSERT_NE(idle, std::string::npos) << whole.err;
  EXPECT_LE(std::stod(whole.err.substr(idle + 16)), 5) << "% of the slots' time";
  for (const auto& [run, _] : results())
    EXPECT_THAT(differences(folder.path() / "s" / run, folder.path() / "u" / run), IsEmpty()) << run;
}

}  // namespace
}  // namespace sparcell::test
