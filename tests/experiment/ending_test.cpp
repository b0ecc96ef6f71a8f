// Runs that end before their end: signals and numerical failures.
#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

class Ending : public SmallExperiment {
 protected:
  /// Waits until the run `r` trains `model`.
  bool trains(const std::string& model) const {
    using namespace std::chrono_literals;
    for (int tries = 0; tries < 3000; ++tries, std::this_thread::sleep_for(10ms)) {
      if (exists("r/status.json") && json("r/status.json").value("model", "") == model) return true;
    }
    return false;
  }
  /// What status says of a run that was stopped: the epochs that its curves have.
  void expect_standing(const std::string& state) {
    const std::string curves = file_bytes(folder / "r/metrics.csv");
    const std::size_t line = curves.rfind('\n', curves.size() - 2) + 1;
    const int epochs = line == 0 ? 0 : std::stoi(curves.substr(line)) + 1;  // of a header alone none
    const nlohmann::json status = json("r/status.json");
    EXPECT_EQ(status["state"], state);
    EXPECT_EQ(status["stage"], "train");
    EXPECT_EQ(status["epoch"], epochs);
    const Finished said = program({"status", "r"});
    EXPECT_EQ(said.code, 0) << said.err;
    EXPECT_THAT(said.out, ContainsRegex("\n +r +" + state + " +ae " + std::to_string(epochs) + "/100000000, model 1 of 3\n"));
  }
  void expect_interrupted_by(int signal) {
    Program program({"run", "small.yaml", "train.epochs=100000000", "--out", "r"}, around);
    ASSERT_TRUE(trains("ae"));
    program.send(signal);
    const Finished done = program.wait();
    EXPECT_EQ(done.code, 75) << done.err;
    EXPECT_THAT(done.err, HasSubstr("sparcell: stopped by a signal in epoch"));
    expect_standing("interrupted");
    EXPECT_TRUE(exists("r/checkpoints/ae/last.h5"));
    EXPECT_FALSE(exists("r/result.json"));
    EXPECT_THAT(files("r"), Not(Contains(AnyOf(HasSubstr(".part"), HasSubstr(".partial")))));
  }
};

TEST_F(Ending, SigtermSavesAndIsResumable) { expect_interrupted_by(SIGTERM); }
TEST_F(Ending, Sigusr1SavesAndIsResumable) { expect_interrupted_by(SIGUSR1); }
TEST_F(Ending, SigintSavesAndIsResumable) { expect_interrupted_by(SIGINT); }
TEST_F(Ending, ATerminalThatClosesSavesAndIsResumable) { expect_interrupted_by(SIGHUP); }

TEST_F(Ending, UnderNohupATerminalMayClose) {
  const auto before = std::signal(SIGHUP, SIG_IGN);  // what it starts inherits that, as from nohup
  Program running({"run", "small.yaml", "train.epochs=100000000", "--out", "r"}, around);
  std::signal(SIGHUP, before);
  ASSERT_TRUE(trains("ae"));
  running.send(SIGHUP);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  EXPECT_EQ(json("r/status.json")["state"], "running");
  running.send(SIGTERM);
  EXPECT_EQ(running.wait().code, 75);
}

/// `run | tee log`: Ctrl-C ends the reader of what is printed too, and the run says that it stops and saves
/// itself.
TEST_F(Ending, WhoPrintsToAReaderThatIsGoneSavesItself) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  around.standard_error = ends[1];
  Program program({"run", "small.yaml", "train.epochs=100000000", "--out", "r"}, around);
  ::close(ends[1]);
  const bool training = trains("ae");
  ::close(ends[0]);
  ASSERT_TRUE(training);
  program.send(SIGINT);
  EXPECT_EQ(program.wait().code, 75);
  expect_standing("interrupted");
  EXPECT_TRUE(exists("r/checkpoints/ae/last.h5"));
}

/// Judging asks for no signal: who does not want to wait presses Ctrl-C again. What was trained is kept.
TEST_F(Ending, ASecondSigintEndsAtOnce) {
  Program running({"run", "small.yaml", "evaluate.resamples=100000000", "--out", "r"}, around);
  for (int tries = 0; tries < 3000 && !(exists("r/status.json") && json("r/status.json").value("stage", "") == "evaluate");
       ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  running.send(SIGINT);
  running.send(SIGINT);  // of a wrapper that passes on what the terminal sends
  std::this_thread::sleep_for(std::chrono::milliseconds(1500));
  EXPECT_EQ(json("r/status.json")["state"], "running");
  running.send(SIGINT);
  const Finished done = running.wait();
  EXPECT_EQ(done.code, -SIGINT);
  EXPECT_THAT(done.err, HasSubstr("stopping at the next step or stage; Ctrl-C again ends at once"));
  EXPECT_THAT(program({"status", "r"}).out, ContainsRegex("r +interrupted +evaluate\n"));
  const Finished resumed = program({"resume", "r", "evaluate.resamples=100"});
  EXPECT_EQ(resumed.code, 0) << resumed.err;
  EXPECT_THAT(resumed.err, HasSubstr("train gan: 3 epochs, finished before"));
}

TEST_F(Ending, AnInterruptedRunIsNoFinishedOne) {
  expect_interrupted_by(SIGTERM);
  EXPECT_EQ(program({"report", "r"}).code, 2);
  const Finished again = run({"--out", "r"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("r holds a run already"));
}

TEST_F(Ending, ARunThatTrainsSaysHowLongTheModelStillTakes) {
  Program running({"run", "small.yaml", "train.epochs=100000000", "--out", "r"}, around);
  ASSERT_TRUE(trains("ae"));
  const auto said = [&] { return program({"status", "r"}).out; };
  for (int tries = 0; tries < 100 && said().find(" ae 0/") != std::string::npos; ++tries)
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_THAT(said(), ContainsRegex("r +running +ae [1-9][0-9]*/100000000, model 1 of 3 +[0-9]+ h [0-9]+ min of ae\n"));
  running.send(SIGKILL);
  running.wait();
  EXPECT_THAT(said(), ContainsRegex("r +interrupted +ae [1-9][0-9]*/100000000, model 1 of 3\n"));
}

TEST_F(Ending, WhatALaterModelCannotHaveIsFoundBeforeAnyIsTrained) {
  const Finished done = run({"model.vae.sample={from: mixture, components: 999}", "--out", "r"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err, AllOf(HasSubstr("model.vae.sample.components is 999, but there are only 168"),
                              Not(HasSubstr("train ae"))));
  EXPECT_FALSE(exists("r"));
}

TEST_F(Ending, ANumericalFailureNamesModelEpochAndLossAndKeepsItsCurves) {
  for (const char* override_text :
       {"model.ae.train.optimizer.learning_rate=1e30", "model.vae.train.optimizer.learning_rate=1e30",
        "model.gan.train.generator.learning_rate=1e30"}) {
    const std::string text = override_text, model = text.substr(6, text.find('.', 6) - 6);
    const Finished done = run({override_text, "--out", model});
    EXPECT_EQ(done.code, 4) << done.err;
    EXPECT_THAT(done.err,
                AllOf(HasSubstr("sparcell: model " + model + ": epoch "), HasSubstr(": the training "),
                      HasSubstr("a lower learning rate or train.clip_norm may help")));
    EXPECT_EQ(json(model + "/status.json")["state"], "failed");
    EXPECT_TRUE(exists(model + "/metrics.csv"));
    EXPECT_FALSE(exists(model + "/result.json"));
    EXPECT_FALSE(exists(model + "/checkpoints/" + model + "/last.h5"));
  }
}

}  // namespace
}  // namespace sparcell::test
