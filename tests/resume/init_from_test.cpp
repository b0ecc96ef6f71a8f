// train.init_from: another run's weights.
#include <gmock/gmock.h>

#include "core/csv.h"
#include "experiment/equal_runs.h"
#include "support/renamed.h"
#include "support/small_experiment.h"
#include "train/checkpoint.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class InitFrom : public SmallExperiment {
 protected:
  InitFrom() { finished_run("first"); }
  std::vector<float> weights(const std::string& run, const std::string& model) {
    return read_checkpoint(folder / (run + "/checkpoints/" + model + "/last.h5"))
        .tensors.parameters.back()
        .values;
  }
};

/// A rate too small to move a weight leaves what training started from.
TEST_F(InitFrom, TrainingStartsFromTheWeightsOfTheNamesake) {
  finished_run("second", {"train.init_from=first", "train.epochs=1", "seed=9", "split.seed=3",
                          "train.optimizer.learning_rate=1e-30"});
  for (const char* model : {"ae", "vae"})
    EXPECT_EQ(weights("first", model), weights("second", model)) << model;
  EXPECT_NE(weights("first", "gan"), weights("second", "gan")) << "its own optimizers moved it";
}

TEST_F(InitFrom, WeightsCountInTheConfigHashAndTheirPathDoesNot) {
  const auto hash = [&](const std::string& name, const std::string& from) {
    finished_run(name, {"train.epochs=1", "~model.gan", "train.init_from=" + from});
    return json(name + "/result.json")["config_hash"];
  };
  std::filesystem::copy(folder / "first", folder / "copy", std::filesystem::copy_options::recursive);
  finished_run("other", {"seed=8", "split.seed=3"});
  const auto from_first = hash("a", "first");
  EXPECT_EQ(hash("b", "copy"), from_first);
  EXPECT_NE(hash("c", "other"), from_first);
}

TEST_F(InitFrom, WhatDoesNotFitIsRefused) {
  const auto refusal = [&](const std::vector<std::string>& options, int code) {
    std::vector<std::string> all{"train.init_from=first", "--out", "refused"};
    all.insert(all.end(), options.begin(), options.end());
    const Finished done = run(all);
    EXPECT_EQ(done.code, code) << done.err;
    EXPECT_FALSE(exists("refused"));
    return done.err;
  };
  EXPECT_THAT(
      refusal({"model.ae.hidden=[17]"}, 3),
      HasSubstr(
          "train.init_from: first/checkpoints/ae/last.h5: the checkpoint's tensor encoder.0.weight is 16 x "
          "60, the model's 17 x 60"));
  EXPECT_THAT(refusal({"select.genes=59"}, 3), HasSubstr("train.init_from: the genes of first are others"));
  EXPECT_THAT(refusal({"train.init_from=nowhere"}, 3),
              HasSubstr("train.init_from: cannot read the file 'nowhere/checkpoints/ae/last.h5'"));
}

TEST_F(InitFrom, ARunWithoutSuchAModelIsRefused) {
  const Finished done = run({"train.init_from=first", "model.other={type: vae}", "--out", "refused"});
  EXPECT_EQ(done.code, 2) << done.err;
  EXPECT_THAT(done.err, AllOf(HasSubstr("train.init_from: first has no weights of a model named other"),
                              Not(HasSubstr("is gone"))));
  EXPECT_FALSE(exists("refused"));
}

/// Its own checkpoints hold what it began with.
TEST_F(InitFrom, ARunGoesOnWhereTheOtherIsGoneOrChanged) {
  const std::vector<std::string> from{"train.init_from=first", "~model.vae"};
  const auto with = [&](const char* epochs) { return std::vector<std::string>{from[0], from[1], epochs}; };
  finished_run("whole", with("train.epochs=6"));
  finished_run("second", with("train.epochs=3"));
  finished_run("third", with("train.epochs=3"));
  const auto of_run = json("third/result.json")["models"]["gan"]["test"];
  ASSERT_EQ(program({"resume", "first", "train.epochs=4"}).code, 0);
  const Finished changed = program({"resume", "second", "train.epochs=6"});
  EXPECT_EQ(changed.code, 0) << changed.err;
  EXPECT_THAT(differences(folder / "whole", folder / "second"), testing::IsEmpty());
  std::filesystem::remove_all(folder / "first");
  const Finished judged = program({"evaluate", "third"});
  EXPECT_EQ(judged.code, 0) << judged.err;
  EXPECT_EQ(nlohmann::json::parse(judged.out)["models"]["gan"]["test"], of_run);
  const Finished gone = program({"resume", "third", "train.epochs=6"});
  EXPECT_EQ(gone.code, 0) << gone.err;
  EXPECT_THAT(gone.err, HasSubstr("the weights of ae in first are gone; ae goes on from its own checkpoint"));
  EXPECT_EQ(weights("third", "ae"), weights("whole", "ae"));
  EXPECT_EQ(weights("third", "gan"), weights("whole", "gan"));
}

/// A model that is still to start needs them as they were.
TEST_F(InitFrom, WeightsThatAreStillToBeTakenMustBeThoseOfTheBeginning) {
  finished_run("second", {"train.init_from=first"});
  std::filesystem::remove(folder / "second/result.json");
  std::filesystem::remove_all(folder / "second/checkpoints/gan");
  ASSERT_EQ(program({"resume", "first", "train.epochs=4"}).code, 0);
  const Finished changed = program({"resume", "second"});
  EXPECT_EQ(changed.code, 3);
  EXPECT_THAT(changed.err, HasSubstr("first/checkpoints/gan/last.h5 has changed since second began, and gan "
                                     "is still to start from it"));
  std::filesystem::remove_all(folder / "first");
  const Finished gone = program({"resume", "second"});
  EXPECT_EQ(gone.code, 3);
  EXPECT_THAT(gone.err, AllOf(HasSubstr("train.init_from: cannot read the file"), Not(HasSubstr("goes on"))));
}

TEST_F(InitFrom, TestCellsThatTheWeightsHaveSeenStopTheRunBeforeItTrains) {
  const Finished done = run({"train.init_from=first", "split.seed=4", "~model.gan", "--out", "leaking"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err,
              HasSubstr("test cells took part in fitting the weights of first that ae starts from"));
  EXPECT_THAT(done.err, Not(HasSubstr("train ae")));
  EXPECT_FALSE(exists("leaking"));
}

/// Barcodes of several lanes repeat: which of the cells of a name was seen is told by where they stand.
TEST_F(InitFrom, TestCellsThatShareTheirNamesWithSeenOnesMayBeJudged) {
  rewrite(folder / "cells.h5ad", [](Csr<float>&, Table& cells, Table&) {
    const std::size_t half = cells.names.size() / 2;
    std::vector<std::string> lanes(2 * half, "one");
    for (std::size_t c = 0; c < half; ++c) {
      cells.names[c + half] = cells.names[c];
      lanes[c + half] = "two";
    }
    cells.set({.name = "lane", .values = lanes, .missing = {}});
  });
  const std::vector<std::string> ae{"~model.gan", "~model.vae"};
  finished_run("lanes", ae);
  finished_run("second", {"train.init_from=lanes", "train.epochs=1", ae[0], ae[1]});
  const Finished other = run({"train.init_from=lanes", "split.seed=4", ae[0], ae[1], "--out", "leaking"});
  EXPECT_EQ(other.code, 3);
  EXPECT_THAT(other.err, HasSubstr("test cells took part in fitting the weights of lanes"));
  // Of one lane alone, a cell may be either of those that had its name; its split must be that lane's alone.
  const std::vector<std::string> alone{"train.init_from=lanes",
                                       "filter.obs.lane=two",
                                       "split.by=file",
                                       "split.stratify=false",
                                       "select.flavor=all",
                                       ae[0],
                                       ae[1],
                                       "--out",
                                       "leaking"};
  const auto split_by = [&](const std::string& file) {
    std::vector<std::string> options = alone;
    options.push_back("split.file=" + file);
    return run(options);
  };
  EXPECT_THAT(split_by("lanes/split.csv").err, HasSubstr("but earlier ones another"));
  const std::vector<std::vector<std::string>> records = read_csv(folder / "lanes/split.csv");
  std::string second = "cell,split\n";
  for (std::size_t r = 1 + records.size() / 2; r < records.size(); ++r)
    second += records[r][0] + "," + records[r][1] + "\n";
  write_bytes(folder / "second.csv", second);
  const Finished lane = split_by("second.csv");
  EXPECT_EQ(lane.code, 3);
  EXPECT_THAT(lane.err, HasSubstr("test cells took part in fitting the weights of lanes"));
}

TEST_F(InitFrom, CellsThatAnEarlierStartHasSeenAreFoundToo) {
  const std::vector<std::vector<std::string>> records = read_csv(folder / "first/split.csv");
  // The first run's training cells are cut into two halves; its test cells stay.
  std::string second = "cell,split\n", third = second;
  int train = 0;
  for (const auto& record : records) {
    if (record[1] == "test") second += record[0] + ",test\n";
    if (record[1] == "validation") {
      second += record[0] + ",validation\n";
      third += record[0] + ",validation\n";
    }
    if (record[1] != "train") continue;
    second += train % 2 == 0 ? record[0] + ",train\n" : "";
    third += record[0] + (train % 2 == 0 ? ",train\n" : ",test\n");
    ++train;
  }
  write_bytes(folder / "second.csv", second);
  write_bytes(folder / "third.csv", third);
  // Genes are chosen by name, for other training cells would choose others.
  const std::vector<std::string> genes{"select.flavor=all", "~model.gan", "~model.vae"};
  const auto with = [&](std::vector<std::string> more) {
    more.insert(more.end(), genes.begin(), genes.end());
    return more;
  };
  finished_run("zeroth", genes);
  finished_run("second", with({"train.init_from=zeroth", "split.by=file", "split.stratify=false",
                               "split.file=second.csv"}));
  const Finished done = run(with({"train.init_from=second", "split.by=file", "split.stratify=false",
                                  "split.file=third.csv", "--out", "leaking"}));
  EXPECT_EQ(done.code, 3) << done.err;
  EXPECT_THAT(done.err, HasSubstr("took part in fitting the weights of second that ae starts from"));
}

TEST_F(InitFrom, ASplitThatIsNotThatOfTheWeightsIsRefused) {
  std::string split = file_bytes(folder / "first/split.csv");
  split.replace(split.find(",train"), 6, ",test");
  write_bytes(folder / "first/split.csv", split);
  const Finished done = run({"train.init_from=first", "--out", "refused"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err,
              HasSubstr("first/checkpoints/ae/last.h5 was fitted on other cells than first/split.csv says"));
}

}  // namespace
}  // namespace sparcell::test
