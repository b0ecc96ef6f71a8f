// What resume does with a run: a stopped one, a finished one, a longer one, a damaged one, a foreign one.
#include <gmock/gmock.h>

#include <map>
#include <thread>

#include "experiment/equal_runs.h"
#include "support/small_experiment.h"
#include "train/checkpoint.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class Resume : public SmallExperiment {
 protected:
  Finished resume(const std::string& name, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"resume", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return program(arguments);
  }

  /// Waits until the condition holds.
  template <class Condition>
  static bool becomes(Condition&& condition) {
    using namespace std::chrono_literals;
    for (int tries = 0; tries < 6000 && !condition(); ++tries) std::this_thread::sleep_for(5ms);
    return condition();
  }

  /// A run in `name` that is stopped by the signal while it trains `model`, after a checkpoint of its.
  void stopped_run(const std::string& name, const std::string& model, int signal,
                   const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"run", "small.yaml", "--out", name};
    arguments.insert(arguments.end(), more.begin(), more.end());
    Program program(arguments, around);
    ASSERT_TRUE(becomes([&] { return exists(name + "/checkpoints/" + model + "/last.h5"); }));
    program.send(signal);
    EXPECT_EQ(program.wait().code, signal == SIGKILL ? -SIGKILL : 75);
    ASSERT_FALSE(exists(name + "/result.json"));
  }

  /// Enough epochs that a signal meets training.
  const std::vector<std::string> long_run{"train.epochs=400", "train.checkpoint.every.epochs=20"};
};

/// A path in the file was meant from where the run began.
TEST_F(Resume, FindsTheDataFromAnotherFolder) {
  finished_run("whole", long_run);
  stopped_run("r", "vae", SIGTERM, long_run);
  std::filesystem::create_directory(folder / "elsewhere");
  around.folder = folder.path() / "elsewhere";
  std::filesystem::rename(folder / "cells.h5ad", folder / "moved.h5ad");
  const Finished gone = resume("../r");
  EXPECT_EQ(gone.code, 3);
  EXPECT_THAT(gone.err, HasSubstr("cells.h5ad, which ../r reads, is neither here nor in " +
                                  folder.path().string() + ", where it began"));
  std::filesystem::rename(folder / "moved.h5ad", folder / "cells.h5ad");
  const Finished done = resume("../r");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(differences(folder.path() / "whole", folder.path() / "r"),
            std::vector<std::string>{"config.yaml differs"});
  const Finished longer = resume("../r", {"train.epochs=410"});
  EXPECT_EQ(longer.code, 0) << longer.err;
}

TEST_F(Resume, AStoppedRunEndsEqualToAnUndisturbedOne) {
  finished_run("whole", long_run);
  for (int signal : {SIGTERM, SIGKILL}) {
    const std::string name = fmt::format("stopped{}", signal);
    stopped_run(name, "vae", signal, long_run);
    const Finished done = resume(name);
    ASSERT_EQ(done.code, 0) << done.err;
    EXPECT_THAT(done.err, AllOf(HasSubstr("train ae: 400 epochs, finished before"),
                                HasSubstr("train vae: goes on after "), Not(HasSubstr("warning"))));
    EXPECT_THAT(differences(folder / "whole", folder / name), IsEmpty());
    EXPECT_GT(json(name + "/result.json")["models"]["ae"]["cost"]["train_seconds"], 0);
    EXPECT_EQ(json(name + "/provenance.json")["resumed"].size(), 1);
  }
}

TEST_F(Resume, AModelOfCountsEndsEqualToAnUndisturbedOne) {
  std::vector<std::string> counts = long_run;
  counts.insert(counts.end(),
                {"~model.ae", "~model.gan", "model.vae.likelihood=zinb", "model.vae.library=decoded",
                 "model.vae.sample={from: mixture, components: 2}"});
  finished_run("whole", counts);
  stopped_run("stopped", "vae", SIGTERM, counts);
  const Finished done = resume("stopped");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(differences(folder / "whole", folder / "stopped"), IsEmpty());
}

TEST_F(Resume, ARunWithRoundedProductsEndsEqualToAnUndisturbedOne) {
  std::vector<std::string> wide{"model.ae.hidden=[160, 80]",       "model.vae.hidden=[160, 80]",  // products worth rounding
                                "model.gan.critic.hidden=[160, 80]", "train.batch=128", "train.epochs=100",
                                "train.checkpoint.every.epochs=10"};
  finished_run("exact", wide);
  wide.push_back("precision=bf16");
  const Finished first = run([&] {
    std::vector<std::string> options = wide;
    options.insert(options.end(), {"--out", "whole"});
    return options;
  }());
  if (first.err.find("needs a processor that multiplies bfloat16") != std::string::npos) GTEST_SKIP() << first.err;
  ASSERT_EQ(first.code, 0) << first.err;
  stopped_run("stopped", "vae", SIGKILL, wide);
  const Finished done = resume("stopped");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(differences(folder / "whole", folder / "stopped"), IsEmpty());
  for (const char* model : {"ae", "vae"}) {
    const double exact = json("exact/result.json")["models"][model]["loss"]["train"];
    const double rounded = json("whole/result.json")["models"][model]["loss"]["train"];
    EXPECT_NE(rounded, exact) << model;
    EXPECT_NEAR(rounded, exact, 0.02 * exact) << model;
  }
}

TEST_F(Resume, BestWeightsSurvive) {
  const std::vector<std::string> options{
      "model={ae: {type: autoencoder, hidden: [16], latent: 4, dropout: [0]}}", "train.epochs=3000",
      "train.optimizer.learning_rate=0.02", "train.checkpoint.every.epochs=50", "evaluate.weights=best"};
  finished_run("whole", options);
  stopped_run("stopped", "ae", SIGKILL, options);
  const Finished done = resume("stopped");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(differences(folder / "whole", folder / "stopped"), IsEmpty());
  EXPECT_LT(json("whole/result.json")["models"]["ae"]["best_epoch"], 2900) << "the model should overfit";
}

TEST_F(Resume, WithoutItsCheckpointsBeginsAnew) {
  const std::vector<std::string> one_model{"~model.ae", "~model.gan", "train.epochs=400",
                                           "train.checkpoint.every.epochs=20"};
  finished_run("whole", one_model);
  stopped_run("stopped", "vae", SIGTERM, one_model);
  std::filesystem::remove_all(folder / "stopped/checkpoints");
  const Finished done = resume("stopped");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(differences(folder / "whole", folder / "stopped"), IsEmpty());
}

TEST_F(Resume, AFinishedRunIsLeftAsItIs) {
  finished_run("r");
  const auto written = std::filesystem::last_write_time(folder / "r/result.json");
  const Finished done = resume("r");
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("r is finished: nothing to resume"));
  EXPECT_THAT(done.out, HasSubstr("Reconstruction of test cells"));
  EXPECT_EQ(std::filesystem::last_write_time(folder / "r/result.json"), written);
}

/// Without schedules that depend on the end, more epochs later are more epochs from the start.
TEST_F(Resume, MoreEpochsExtendAFinishedRun) {
  const std::vector<std::string> models{"~model.gan", "~model.vae"};
  finished_run("long", {"~model.gan", "~model.vae", "train.epochs=6"});
  finished_run("r", models);
  const Finished done = resume("r", {"train.epochs=6"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("ae: 6 epochs instead of 3; its learning rate stays"));
  EXPECT_THAT(differences(folder / "long", folder / "r"), IsEmpty());
  EXPECT_EQ(file_bytes(folder / "r/overrides.yaml"),
            "- \"~model.gan\"\n- \"~model.vae\"\n- \"train.epochs=6\"\n");
}

TEST_F(Resume, MoreStepsExtendAFinishedRun) {
  finished_run("r", {"~model.gan", "~model.vae", "train.steps=12"});  // 6 are an epoch
  finished_run("long", {"~model.gan", "~model.vae", "train.steps=30"});
  const Finished done = resume("r", {"train.steps=30"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("ae: 30 steps instead of 12; its learning rate stays"));
  EXPECT_THAT(differences(folder / "long", folder / "r"), IsEmpty());
  const Finished fewer = resume("r", {"train.steps=13"});
  EXPECT_EQ(fewer.code, 2);
  EXPECT_THAT(fewer.err, HasSubstr("train.steps=13, which are 3 epochs: ae is trained for 5 epochs already"));
}

TEST_F(Resume, ExtensionSaysWhatHappensToSchedules) {
  finished_run("r", {"train.schedule.type=cosine"});
  const Finished done = resume("r", {"train.epochs=5"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err,
              AllOf(HasSubstr("ae: 5 epochs instead of 3; its cosine schedule is stretched over 5 epochs"),
                    HasSubstr("its KL warm-up is stretched too and now ends after 2.5 epochs")));
  for (const char* model : {"ae", "vae", "gan"})
    EXPECT_EQ(json("r/result.json")["models"][model]["epochs"], 5) << model;
}

TEST_F(Resume, OtherOverridesWouldBeAnotherRun) {
  finished_run("r");
  for (const char* text : {"train.batch=16", "model.ae.latent=5", "seed=4", "select.genes=50",
                           "train.optimizer.learning_rate=1", "~model.gan", "model.ae.train.batch=3"}) {
    const Finished done = resume("r", {text});
    EXPECT_EQ(done.code, 2) << text;
    EXPECT_THAT(done.err, HasSubstr(fmt::format("override '{}': this would be another run", text)));
  }
  EXPECT_EQ(resume("r", {"train.epochs=2"}).code, 2);
  EXPECT_TRUE(exists("r/result.json"));
}

/// What cannot be is found before anything of the run is touched.
class RefusedResume : public Resume {
 protected:
  std::map<std::string, std::string> contents(const std::string& run) const {
    std::map<std::string, std::string> all;
    for (const std::string& name : files(run)) {
      if (name != "log.txt") all[name] = file_bytes(folder / (run + "/" + name));
    }
    return all;
  }
  void expect_untouched(const std::string& run, const std::string& override_text, int code,
                        const std::string& sentence) {
    const auto before = contents(run);
    const Finished done = resume(run, {override_text});
    EXPECT_EQ(done.code, code) << override_text << ": " << done.err;
    EXPECT_THAT(done.err, HasSubstr(sentence));
    EXPECT_EQ(contents(run), before) << override_text;
  }
};

TEST_F(RefusedResume, LeavesAFinishedRunFinished) {
  around.environment = {{"CUDA_VISIBLE_DEVICES", ""}};
  finished_run("r", {"~model.vae", "~model.gan", "device=auto"});
  simulate(folder / "other.h5ad", {.cells = 240, .genes = 120, .perturbations = 4, .seed = 8}, silent);
  expect_untouched("r", "read.path=missing.h5ad", 3, "missing.h5ad");
  expect_untouched("r", "read.path=other.h5ad", 3, "is of another run");
  expect_untouched("r", "device=cuda", 2, "device cuda");
  expect_untouched("r", "products.plan=nofile", 2, "products.plan");
  expect_untouched("r", "train.epochs=2", 2, "ae is trained for 3 epochs already");
  const Finished done = resume("r");
  EXPECT_EQ(done.code, 0);
  EXPECT_THAT(done.err, HasSubstr("r is finished: nothing to resume"));
}

/// Its status says what became of the attempt.
TEST_F(RefusedResume, LeavesTheConfigurationOfAStoppedRun) {
  stopped_run("r", "vae", SIGTERM, long_run);
  const auto configuration = [&] {
    return file_bytes(folder / "r/config.yaml") + file_bytes(folder / "r/overrides.yaml") +
           file_bytes(folder / "r/split.csv");
  };
  const std::string before = configuration();
  for (const char* text : {"read.path=missing.h5ad", "products.plan=nofile", "train.epochs=5"}) {
    EXPECT_NE(resume("r", {text}).code, 0) << text;
    EXPECT_EQ(configuration(), before) << text;
  }
  EXPECT_EQ(resume("r").code, 0);
}

TEST_F(Resume, ADamagedCheckpointFallsBackToTheOneBefore) {
  finished_run("whole", long_run);
  stopped_run("r", "vae", SIGKILL, long_run);
  ASSERT_TRUE(exists("r/checkpoints/ae/previous.h5"));
  const std::string last = folder / "r/checkpoints/ae/last.h5";
  const std::vector<float> weights = read_checkpoint(last).tensors.parameters.back().values;
  std::string bytes = file_bytes(last);
  const std::string stored(reinterpret_cast<const char*>(weights.data()), weights.size() * sizeof(float));
  bytes[bytes.find(stored) + stored.size() / 2] ^= 1;  // HDF5 does not see it
  write_bytes(last, bytes);
  const Finished done = resume("r");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err,
              HasSubstr("last.h5 is damaged: its content does not have its checksum; going on from the "
                        "checkpoint before it"));
  EXPECT_THAT(differences(folder / "whole", folder / "r"), IsEmpty());
}

TEST_F(Resume, ADamagedCheckpointWithoutOneBeforeIsAnError) {
  stopped_run("r", "vae", SIGKILL, {"train.epochs=400", "train.checkpoint.every.epochs=200"});
  std::filesystem::remove(folder / "r/checkpoints/ae/previous.h5");
  write_bytes(folder / "r/checkpoints/ae/last.h5", "no checkpoint");
  const Finished done = resume("r");
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err, AllOf(HasSubstr("last.h5: is no HDF5 file"), HasSubstr("there is none before it")));
}

TEST_F(Resume, WhatIsNoRunIsRefused) {
  EXPECT_THAT(resume("nowhere").err, HasSubstr("nowhere: there is no such folder"));
  std::filesystem::create_directory(folder / "empty");
  const Finished done = resume("empty");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("empty holds no run that can be resumed: it has no config.yaml"));
}

TEST_F(Resume, AnotherVersionsRunIsRefused) {
  stopped_run("r", "ae", SIGTERM, long_run);
  nlohmann::json status = json("r/status.json");
  status["schema"] = 2;
  status["version"] = "9.0";
  write_bytes(folder / "r/status.json", status.dump());
  const Finished done = resume("r");
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("r was written by version 9.0 of sparcell with run schema 2"));
}

TEST_F(Resume, AnotherDataFileIsRefused) {
  stopped_run("r", "ae", SIGTERM, long_run);
  simulate(folder / "cells.h5ad", {.cells = 240, .genes = 120, .perturbations = 3, .doubles = 0, .seed = 8},
           silent);
  const Finished done = resume("r");
  EXPECT_EQ(done.code, 3) << done.err;
  EXPECT_THAT(done.err, HasSubstr("is of another run: the data file, its preparation or the models"));
}

TEST_F(Resume, AMovedDataFileIsGivenAgain) {
  finished_run("whole", long_run);
  stopped_run("r", "ae", SIGTERM, long_run);
  std::filesystem::rename(folder / "cells.h5ad", folder / "moved.h5ad");
  EXPECT_EQ(resume("r").code, 3);
  const Finished done = resume("r", {"read.path=moved.h5ad"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(file_bytes(folder / "whole/checkpoints/gan/last.h5"),
            file_bytes(folder / "r/checkpoints/gan/last.h5"));
}

TEST_F(Resume, ElsewhereItGoesOnWarnsAndMarksTheResult) {
  stopped_run("r", "ae", SIGTERM, long_run);
  around.environment = {{"ONEDNN_MAX_CPU_ISA", "SSE41"}};
  const Finished done = resume("r", {"threads=2"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, AllOf(HasSubstr("warning: resumed elsewhere: threads 2 instead of 1"),
                              HasSubstr("warning: resumed elsewhere: instruction_set ")));
  EXPECT_THAT(json("r/result.json")["resumed_elsewhere"], Contains("threads 2 instead of 1"));
}

TEST_F(Resume, AFullDiskIsWaitedFor) {
  const std::vector<std::string> options{"train.epochs=40", "train.checkpoint.every.epochs=4"};
  finished_run("whole", options);
  around.file_bytes = std::filesystem::file_size(folder / "whole/latent.h5ad") - 1;
  std::vector<std::string> arguments = options;
  arguments.insert(arguments.end(), {"--out", "r"});
  EXPECT_EQ(run(arguments).code, 75);
  EXPECT_EQ(resume("r").code, 75);
  around.file_bytes.reset();
  const Finished done = resume("r");
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(differences(folder / "whole", folder / "r"), IsEmpty());
}

/// Files that a person has edited, or another program has written.
TEST_F(Resume, FilesOfWrongInnerTypesAreNamed) {
  finished_run("r", {"~model.gan", "~model.vae"});
  std::filesystem::remove(folder / "r/result.json");
  const auto refusal = [&](const std::string& name, const std::string& key, const nlohmann::json& value,
                           const std::vector<std::string>& command) {
    const std::string before = file_bytes(folder / ("r/" + name));
    nlohmann::json changed = nlohmann::json::parse(before);
    changed[nlohmann::json::json_pointer(key)] = value;
    write_bytes(folder / ("r/" + name), changed.dump());
    const Finished done = program(command);
    EXPECT_EQ(done.code, 3) << done.err;
    write_bytes(folder / ("r/" + name), before);
    return done.err;
  };
  const std::vector<std::string> resumes{"resume", "r"}, asks{"status", "r"};
  const auto starts = std::vector<std::string>{
      "run", "small.yaml", "~model.gan", "~model.vae", "train.init_from=r", "--out", "new"};
  for (const std::vector<std::string>& command : {resumes, asks}) {
    EXPECT_THAT(refusal("status.json", "/cost", 3, command),
                HasSubstr("r/status.json is damaged: cost is a number, expected a mapping"));
    EXPECT_THAT(refusal("status.json", "/cost/ae/phases", "x", command),
                HasSubstr("r/status.json is damaged: cost.ae.phases is text, expected a mapping"));
    EXPECT_THAT(refusal("status.json", "/epoch", "x", command),
                HasSubstr("r/status.json is damaged: epoch is text, expected a number"));
  }
  EXPECT_THAT(refusal("provenance.json", "/build", 3, resumes),
              HasSubstr("r/provenance.json is damaged: build is a number, expected a mapping"));
  EXPECT_THAT(refusal("provenance.json", "/resumed", nlohmann::json{{"a", 1}}, resumes),
              HasSubstr("r/provenance.json is damaged: resumed is a mapping, expected a list"));
  EXPECT_THAT(refusal("provenance.json", "/data", 3, starts),
              HasSubstr("r/provenance.json is damaged: data is a number, expected a mapping"));
  EXPECT_EQ(resume("r").code, 0);
  EXPECT_THAT(refusal("result.json", "/schema", "x", {"evaluate", "r"}),
              HasSubstr("r/result.json is damaged: schema is text, expected a number"));
}

TEST_F(Resume, FoldersWhereFilesAreExpectedAreNamed) {
  finished_run("r", {"~model.gan", "~model.vae"});
  std::filesystem::remove(folder / "r/result.json");
  for (const char* name : {"r/lock.json", "r/status.json", "r/provenance.json"}) {
    const bool was_there = exists(name);
    if (was_there) std::filesystem::rename(folder / name, folder / "aside");
    std::filesystem::create_directory(folder / name);
    const Finished done = resume("r");
    EXPECT_EQ(done.code, 3) << done.err;
    EXPECT_THAT(done.err, HasSubstr(std::string(name) + " is a folder, expected "));
    std::filesystem::remove(folder / name);
    if (was_there) std::filesystem::rename(folder / "aside", folder / name);
  }
  EXPECT_EQ(resume("r").code, 0);
}

}  // namespace
}  // namespace sparcell::test
