// Runs of all three models that are killed at random moments and resumed until they are done.
#pragma once

#include <chrono>
#include <random>
#include <thread>

#include "experiment/equal_runs.h"
#include "support/small_experiment.h"

namespace sparcell::test {

class KilledRuns : public SmallExperiment {
 protected:
  KilledRuns() {
    const auto start = std::chrono::steady_clock::now();
    finished_run("whole", options());
    seconds_ = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }

  /// With checkpoints inside of training, so that signals meet all of a run.
  static std::vector<std::string> options() {
    return {"train.epochs=60", "train.checkpoint.every.epochs=4", "evaluate.resamples=100"};
  }

  /// Starts a run, or goes on with it, as a scheduler does that knows nothing.
  std::vector<std::string> next_command(const std::string& name) const {
    if (exists(name + "/config.yaml")) return {"resume", name};
    std::vector<std::string> arguments{"run", "small.yaml", "--out", name};
    const std::vector<std::string> more = options();
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }

  /// Runs that are started, stopped by a signal at a random moment and resumed until they end by themselves,
  /// until `kills` signals have met a process at work.
  void kill_and_resume(int kills, std::mt19937& random) {
    std::uniform_real_distribution<double> moment(0, seconds_ / 2);
    constexpr int signals[] = {SIGKILL, SIGTERM, SIGUSR1};
    int stopped = 0;
    for (int run = 0; stopped < kills && !HasFatalFailure(); ++run) {
      const std::string name = fmt::format("killed{}", run);
      bool finished = false;
      while (stopped < kills && !finished) {
        const int signal = signals[random() % std::size(signals)];
        Program program(next_command(name), around);
        std::this_thread::sleep_for(std::chrono::duration<double>(moment(random)));
        program.send(signal);
        const Finished ended = program.wait();
        finished = ended.code == 0;
        ASSERT_TRUE(finished || ended.code == 75 || ended.code == -signal)
            << name << ", signal " << signal << ", exit code " << ended.code << ": " << ended.err;
        stopped += !finished;
      }
      const Finished done = program(next_command(name));
      ASSERT_EQ(done.code, 0) << name << ": " << done.err;
      ASSERT_THAT(differences(folder / "whole", folder / name), testing::IsEmpty()) << name;
      std::filesystem::remove_all(folder / name);
    }
  }

  double seconds_ = 0;  ///< that the undisturbed run took
};

}  // namespace sparcell::test
