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

  /// Long enough that most kills meet training, with checkpoints inside of it.
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

  /// A run that meets `kills` signals, each at a random moment of a process of its own.
  void kill_and_resume(const std::string& name, int kills, std::mt19937& random) {
    std::uniform_real_distribution<double> moment(0, 1.1 * seconds_);
    constexpr int signals[] = {SIGKILL, SIGTERM, SIGUSR1};
    for (int kill = 0; kill < kills; ++kill) {
      const int signal = signals[random() % std::size(signals)];
      Program program(next_command(name), around);
      std::this_thread::sleep_for(std::chrono::duration<double>(moment(random)));
      program.send(signal);
      const Finished ended = program.wait();
      const bool expected = ended.code == 0 || ended.code == 75 || ended.code == -signal;
      ASSERT_TRUE(expected) << name << ", signal " << signal << ", exit code " << ended.code << ": "
                            << ended.err;
      stopped_ += ended.code != 0;
    }
    const Finished done = program(next_command(name));
    ASSERT_EQ(done.code, 0) << name << ": " << done.err;
    EXPECT_THAT(differences(folder / "whole", folder / name), testing::IsEmpty()) << name;
    if (!HasFailure()) std::filesystem::remove_all(folder / name);
  }

  double seconds_ = 0;  ///< that the undisturbed run took
  int stopped_ = 0;     ///< processes that did not end by themselves
};

}  // namespace sparcell::test
