// Runs that end before their end: signals and numerical failures.
#include <gmock/gmock.h>

#include <chrono>
#include <thread>

#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::AnyOf;
using testing::Contains;
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
  void expect_interrupted_by(int signal) {
    Program program({"run", "small.yaml", "train.epochs=100000000", "--out", "r"}, around);
    ASSERT_TRUE(trains("ae"));
    program.send(signal);
    const Finished done = program.wait();
    EXPECT_EQ(done.code, 75) << done.err;
    EXPECT_THAT(done.err, HasSubstr("sparcell: stopped by a signal in epoch"));
    EXPECT_EQ(json("r/status.json")["state"], "interrupted");
    EXPECT_TRUE(exists("r/checkpoints/ae/last.h5"));
    EXPECT_FALSE(exists("r/result.json"));
    EXPECT_THAT(files("r"), Not(Contains(AnyOf(HasSubstr(".part"), HasSubstr(".partial")))));
  }
};

TEST_F(Ending, SigtermSavesAndIsResumable) { expect_interrupted_by(SIGTERM); }
TEST_F(Ending, Sigusr1SavesAndIsResumable) { expect_interrupted_by(SIGUSR1); }
TEST_F(Ending, SigintSavesAndIsResumable) { expect_interrupted_by(SIGINT); }

TEST_F(Ending, AnInterruptedRunIsNoFinishedOne) {
  expect_interrupted_by(SIGTERM);
  EXPECT_EQ(program({"report", "r"}).code, 3);
  const Finished again = run({"--out", "r"});
  EXPECT_EQ(again.code, 2);
  EXPECT_THAT(again.err, HasSubstr("r holds a run already"));
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
