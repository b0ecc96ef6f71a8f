// What the command line adds to an experiment's file.
#include <gmock/gmock.h>

#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class ExperimentOptions : public SmallExperiment {
 protected:
  std::string printed(std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), {"run", "small.yaml", "--print-config"});
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  static std::vector<std::string> lines(const std::string& text) {
    std::vector<std::string> all{""};
    for (char c : text) {
      if (c == '\n') {
        all.emplace_back();
      } else {
        all.back().push_back(c);
      }
    }
    return all;
  }
  /// The lines between the first and the last that an override changes.
  std::vector<std::string> changed_by(const std::string& override_text) {
    std::vector<std::string> before = lines(printed({})), after = lines(printed({override_text}));
    const auto first = std::mismatch(before.begin(), before.end(), after.begin(), after.end()).second;
    after.erase(after.begin(), first);
    const auto last = std::mismatch(before.rbegin(), before.rend(), after.rbegin(), after.rend()).second;
    after.erase(last.base(), after.end());
    return after;
  }
};

TEST_F(ExperimentOptions, PrintConfigReadsNoDataAndWritesNothing) {
  std::filesystem::remove(folder / "cells.h5ad");
  printed({});
  EXPECT_THAT(files(), ElementsAre("small.yaml"));
}

TEST_F(ExperimentOptions, WhatPrintConfigPrintsIsTheSameExperiment) {
  const std::string text = printed({"train.epochs=2", "~model.gan", "model.vae.kl.weight=0.3"});
  write_bytes(folder / "printed.yaml", text);
  const Finished again = program({"run", "printed.yaml", "--print-config"});
  EXPECT_EQ(again.out, text) << again.err;
}

TEST_F(ExperimentOptions, ARunKeepsWhatPrintConfigPrints) {
  const std::string text = printed({"train.epochs=2"});
  finished_run("r", {"train.epochs=2"});
  EXPECT_EQ(file_bytes(folder / "r/config.yaml"), text);
}

TEST_F(ExperimentOptions, AnOverrideActsOnExactlyItsPath) {
  EXPECT_THAT(changed_by("model.ae.train.epochs=7"), ElementsAre("    train:", "      epochs: 7"));
  EXPECT_THAT(changed_by("model.ae.latent=7"), ElementsAre("    latent: 7"));
  EXPECT_THAT(changed_by("model.gan.train.critic.learning_rate=0.5"),
              ElementsAre("        learning_rate: 0.5"));
  EXPECT_THAT(changed_by("evaluate.weights=best"), ElementsAre("  weights: best"));
  EXPECT_THAT(changed_by("split.seed=8"), ElementsAre("  seed: 8"));
}

TEST_F(ExperimentOptions, AnOverrideOfTrainReachesModelsThatDoNotSayOtherwise) {
  const std::string text = printed({"train.epochs=9", "model.vae.train.epochs=4"});
  EXPECT_THAT(lines(text), AllOf(Contains("  epochs: 9"), Contains("      epochs: 4")));
}

TEST_F(ExperimentOptions, ATildeTakesBackWhatTheFileSets) {
  EXPECT_THAT(printed({"~model.gan"}), Not(HasSubstr("gan:")));
  EXPECT_THAT(printed({"~train.epochs"}), HasSubstr("\n  epochs: 50\n"));  // the default
  const Finished done = run({"~model.nope", "--out", "r"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("override '~model.nope': model.nope is not set, so it cannot be removed"));
}

TEST_F(ExperimentOptions, ReferencesAreResolved) {
  around.environment = {{"CELLS", "cells.h5ad"}};
  EXPECT_THAT(printed({"read.path=${env:CELLS}", "name=from_${read.path}"}),
              HasSubstr("name: from_cells.h5ad\n"));
  const Finished done = run({"read.path=${env:NO_SUCH_NAME}"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("NO_SUCH_NAME"));
}

TEST_F(ExperimentOptions, FastDevRunTakesTwoBatchesOfEverything) {
  finished_run("r", {"train.epochs=1000000", "train.batch=16", "--fast-dev-run"});
  const nlohmann::json result = json("r/result.json");
  for (const char* part : {"train", "validation", "test"}) EXPECT_EQ(result["data"][part], 32) << part;
  for (const auto& [name, model] : result["models"].items()) {
    EXPECT_EQ(model["epochs"], 1) << name;
    EXPECT_EQ(model["cost"]["steps"], 2) << name;
  }
}

TEST_F(ExperimentOptions, FastDevRunTakesOneEpochOfATrainingThatIsCountedInSteps) {
  finished_run("r", {"train.steps=100000000", "model.vae.train.steps=200000000", "train.batch=16",
                     "model.ae.train.batch=24", "--fast-dev-run"});
  const nlohmann::json result = json("r/result.json");
  EXPECT_EQ(result["data"]["train"], 48) << "two batches of the model with the largest";
  EXPECT_EQ(result["models"]["ae"]["cost"]["steps"], 2);
  for (const auto& [name, model] : result["models"].items()) EXPECT_EQ(model["epochs"], 1) << name;
}

/// Two batches have cells of few of the perturbations: those without training cells there are not held out.
TEST_F(ExperimentOptions, FastDevRunOfModelsThatAreToldPerturbations) {
  simulate(folder / "cells.h5ad",
           {.cells = 600, .genes = 200, .perturbations = 8, .doubles = 8, .density = 0.25, .seed = 1},
           silent);
  const auto expect_runs = [&](const std::string& out, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"~model.gan", "train.batch=8", "model.ae.condition=perturbation",
                                       "--fast-dev-run"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    finished_run(out, arguments);
    const nlohmann::json data = json(out + "/result.json")["data"];
    EXPECT_EQ(data["train"], 16);
    for (const char* part : {"validation", "test"}) {
      EXPECT_GT(data[part], 0) << part;
      EXPECT_LE(data[part], 16) << part;
    }
    const Finished again = program({"evaluate", out});
    EXPECT_EQ(again.code, 0) << again.err;
  };
  expect_runs("by_cell", {"model.vae.likelihood=nb", "model.vae.dispersion=gene_perturbation"});
  expect_runs("by_doubles",
              {"~model.vae", "split.stratify=false", "split.by=perturbation", "split.hold_out=doubles",
               "split.train=0.4", "split.validation=0.3", "split.test=0.3"});
}

TEST_F(ExperimentOptions, OutPutsTheRunExactlyThere) {
  finished_run("deep/down/r");
  EXPECT_TRUE(exists("deep/down/r/result.json"));
  EXPECT_FALSE(exists("runs"));
}

TEST_F(ExperimentOptions, OutMayBeAFolderWithOtherFiles) {
  std::filesystem::create_directory(folder / "r");
  write_bytes(folder / "r/notes.txt", "mine");
  EXPECT_EQ(run({"filter.min_genes=1000", "--out", "r"}).code, 3);
  EXPECT_THAT(files("r"), ElementsAre("notes.txt"));
  finished_run("r");
  EXPECT_EQ(file_bytes(folder / "r/notes.txt"), "mine");
}

}  // namespace
}  // namespace sparcell::test
