// Halving against the exhaustive search of the same grid.
#include "sweep/halving.h"

#include <set>

#include "experiment/equal_runs.h"
#include "sparcell/anndata.h"
#include "sweep/sweep_support.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Rungs, GrowByTheFactorBelowTheEnd) {
  EXPECT_THAT(rungs({.min_epochs = 2, .factor = 3}, 54), ElementsAre(2, 6, 18));
  EXPECT_THAT(rungs({.min_epochs = 2, .factor = 3}, 55), ElementsAre(2, 6, 18, 54));
  EXPECT_THAT(rungs({.min_epochs = 7, .factor = 2}, 7), IsEmpty());
}

/// By hand: 8 x 4 + 4 x (8 - 4) + 2 x (16 - 8) + 1 x (32 - 16); of three, one goes on, and then alone.
TEST(Rungs, TakeTheEpochsOfThoseThatGoOn) {
  EXPECT_EQ(epochs_of_all({.min_epochs = 4, .factor = 2}, 32, 8), 32 + 16 + 16 + 16);
  EXPECT_EQ(epochs_of_all({.min_epochs = 4, .factor = 2}, 9, 3), 12 + 4 + 1);
  EXPECT_EQ(epochs_of_all({.min_epochs = 9, .factor = 2}, 9, 3), 27);
}

class Halving : public SmallSweep {
 protected:
  static inline const std::string grid =
      "parameters: {train.optimizer.learning_rate: {values: [1.0e-5, 1.0e-4, 1.0e-3, 3.0e-3]}, "
      "model.ae.latent: {values: [2, 8]}}, seeds: [0, 1]";

  std::int64_t epochs_of(const std::string& sweep) const {
    std::int64_t epochs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder / sweep)) {
      if (std::filesystem::exists(entry.path() / "metrics.csv"))
        epochs += std::stoll(read_csv(entry.path() / "metrics.csv").back()[0]) + 1;
    }
    return epochs;
  }
  std::string best(const std::string& sweep) const {
    std::string run;
    double smallest = 1e300;
    const auto records = read_csv(folder / (sweep + "/results.csv"));
    const auto& header = records[0];
    const auto metric = std::find(header.begin(), header.end(), "metric") - header.begin();
    for (std::size_t r = 1; r < records.size(); ++r) {
      if (records[r][1] != "done" || std::stod(records[r][metric]) >= smallest) continue;
      smallest = std::stod(records[r][metric]);
      run = records[r][0];
    }
    return run;
  }
};

TEST_F(Halving, FindsTheBestRunOfTheExhaustiveSearchWithLessThanHalfOfItsEpochs) {
  write_sweep("method: halving, halving: {min_epochs: 4, factor: 2}, " + grid);
  const Finished halving = sweep({"train.epochs=32"});
  ASSERT_EQ(halving.code, 0) << halving.err;
  write_sweep(grid);
  const Finished exhaustive = program({"sweep", "sweep.yaml", "train.epochs=32", "--out", "all"});
  ASSERT_EQ(exhaustive.code, 0) << exhaustive.err;
  EXPECT_EQ(best("s"), best("all"));
  EXPECT_LT(2 * epochs_of("s"), epochs_of("all"));
  EXPECT_EQ(epochs_of("all"), 16 * 32);
  std::size_t finished = 0;
  for (const auto& [run, _] : results()) {
    ++finished;
    EXPECT_THAT(differences(folder.path() / "s" / run, folder.path() / "all" / run), IsEmpty())
        << "a promoted run is the run that was never paused";
  }
  EXPECT_EQ(finished, 2u);  // of eight configurations the half thrice: one, with two seeds
  EXPECT_THAT(table("halving.csv"), SizeIs(8 + 4 + 2));
  write_sweep("method: halving, halving: {min_epochs: 4, factor: 2}, " + grid);
  const std::string dry = sweep({"train.epochs=32", "--dry-run"}).out;
  EXPECT_THAT(dry, AllOf(HasSubstr("16 runs, 2 finished, 14 pruned; 0 s of training left of"),
                         HasSubstr(" pruned "), testing::Not(HasSubstr("interrupted"))));
}

TEST_F(Halving, ADryRunSaysWhatHalvingTakesOfAllEpochs) {
  write_sweep("method: halving, halving: {min_epochs: 1, factor: 2}, " + grid);
  EXPECT_THAT(sweep({"--dry-run"}).out,
              testing::ContainsRegex("16 runs, 0 finished; .* left of [^(]* \\(all to their ends: "));
}

/// A configuration goes on with all of its seeds or with none, wherever these are set.
TEST_F(Halving, PromotesConfigurationsByTheirMeanOverSeeds) {
  write_sweep("method: halving, halving: {min_epochs: 4, factor: 2}, " + grid);
  ASSERT_EQ(sweep({"train.epochs=12"}).code, 0);
  const auto standings = table("halving.csv");
  ASSERT_THAT(standings, SizeIs(8 + 4));
  std::map<std::string, double> means;  // of the first rung, by metrics.csv
  for (auto& run : table("results.csv")) {
    const auto value = curve_value(folder.path() / "s" / run["run"], "ae.loss.validation", 4);
    ASSERT_TRUE(value);
    means[run["configuration"]] += *value / 2;
  }
  for (std::size_t i = 0; i < 8; ++i)
    EXPECT_NEAR(std::stod(standings[i].at("metric")), means.at(standings[i].at("configuration")), 1e-12);
  std::map<std::string, std::set<std::string>> states;
  for (auto& run : table("results.csv")) states[run["configuration"]].insert(run["state"]);
  for (const auto& [configuration, of_seeds] : states) EXPECT_THAT(of_seeds, SizeIs(1)) << configuration;
  const std::string promoted = file_bytes(folder / "s/halving.csv");
  std::filesystem::remove_all(folder / "s");
  std::string swept = grid;
  swept.replace(swept.find("}, seeds: [0, 1]"), std::string::npos, ", seed: {values: [0, 1]}}");
  write_sweep("method: halving, halving: {min_epochs: 4, factor: 2}, " + swept);
  ASSERT_EQ(sweep({"train.epochs=12"}).code, 0);
  EXPECT_EQ(file_bytes(folder / "s/halving.csv"), promoted);
}

TEST_F(Halving, WhatFailedIsNotPromoted) {
  write_sweep(
      "method: halving, halving: {min_epochs: 3, factor: 2}, parameters: {train.optimizer.learning_rate: "
      "{values: [1.0e+30, 1.0e+31, 1.0e-3, 1.0e+32]}}");
  EXPECT_EQ(sweep({"train.epochs=5"}).code, 1);
  EXPECT_THAT(column("halving.csv", "configuration"), ElementsAre("2", "0", "1", "3"));
  EXPECT_THAT(column("halving.csv", "promoted"), ElementsAre("1", "0", "0", "0"));
}

/// The distance to validation cells is a curve where training is monitored by it, and what a run reports of
/// its best weights is the lowest point.
TEST_F(Halving, ComparesGansByTheDistanceOfTheirCells) {
  const std::vector<std::string> gan{
      "~model.ae", "train.epochs=6",
      "model.gan={type: gan, latent: 4, generator: {hidden: [16], dropout: [0]}, critic: {hidden: [16], "
      "dropout: [0.1]}}"};
  write_sweep(
      "method: halving, halving: {min_epochs: 2}, parameters: {model.gan.latent: {values: [2, 4, 8]}}");
  const Finished refused = sweep(gan);
  EXPECT_EQ(refused.code, 2);
  EXPECT_THAT(refused.err, HasSubstr("gan.validation.energy_distance is known at their end; set "
                                     "train.monitor=energy_distance, which measures"));
  std::vector<std::string> best = gan;
  best.insert(best.end(), {"train.monitor=energy_distance", "evaluate.weights=best"});
  const Finished done = sweep(best);
  ASSERT_EQ(done.code, 0) << done.err;
  ASSERT_THAT(results(), SizeIs(1));
  const std::string run = results().begin()->first;
  double lowest = 1e300;
  for (const auto& record : read_csv(folder / ("s/" + run + "/metrics.csv"))) {
    if (record[4] == "energy_distance") lowest = std::min(lowest, std::stod(record[5]));
  }
  EXPECT_EQ(json("s/" + run + "/result.json")["models"]["gan"]["validation"]["energy_distance"], lowest);
}

TEST_F(Halving, AFailedRunIsTriedAgainByTheNextCall) {
  write_sweep(
      "method: halving, halving: {min_epochs: 3}, parameters: {train.optimizer.learning_rate: "
      "{values: [1.0e-3, 1.0e-2, 1.0e+30]}}");
  EXPECT_EQ(sweep({"train.epochs=9"}).code, 1);
  const std::string log = fmt::format("s/logs/{}.log", column("jobs.csv", "run")[2]);
  const std::string once = file_bytes(folder / log);
  EXPECT_THAT(once, HasSubstr("the training loss is not a number"));
  const Finished second = sweep({"train.epochs=9"});
  EXPECT_EQ(second.code, 1) << second.err;
  EXPECT_THAT(second.err, AllOf(HasSubstr("1 run to epoch 3; "), HasSubstr("0/1 runs at epoch 3, 1 failed"),
                                HasSubstr("1 of the runs in s failed")));
  EXPECT_EQ(file_bytes(folder / log), once + once) << "tried once in each call";
}

TEST_F(Halving, ARunThatFailedAfterItsPromotionGoesOn) {
  write_sweep(
      "method: halving, halving: {min_epochs: 3}, parameters: {train.optimizer.learning_rate: "
      "{values: [1.0e-5, 1.0e-3, 3.0e-3]}}");
  ASSERT_EQ(sweep({"train.epochs=9"}).code, 0);
  ASSERT_THAT(results(), SizeIs(1));
  const std::filesystem::path run = folder.path() / "s" / results().begin()->first;
  const std::string standings = file_bytes(folder / "s/halving.csv"),
                    result = file_bytes(run / "result.json");
  std::filesystem::remove(run / "result.json");
  write_bytes(run / "status.json", R"({"state": "failed", "reason": "no memory"})");
  const Finished again = sweep({"train.epochs=9"});
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(file_bytes(folder / "s/halving.csv"), standings);
  EXPECT_THAT(results(), SizeIs(1));
  EXPECT_TRUE(std::filesystem::exists(run / "result.json"));
}

TEST_F(Halving, RefusesWhatItCannotCompare) {
  const auto refused = [&](const std::string& sections, const std::vector<std::string>& more = {}) {
    write_sweep("method: halving, " + sections);
    const Finished done = sweep(more);
    EXPECT_EQ(done.code, 2) << done.err;
    return done.err;
  };
  const std::string latent = "parameters: {model.ae.latent: {values: [2, 8]}}";
  EXPECT_THAT(refused(latent), HasSubstr("sweep.halving.min_epochs is 5, not below the 3 epochs"));
  EXPECT_THAT(refused(latent + ", metric: {name: ae.test.mse}"),
              HasSubstr("halving compares runs while they train"));
  EXPECT_THAT(refused(latent, {"model.vae={type: vae}"}), HasSubstr("the experiment has 2"));
  for (const char* sections :
       {"parameters: {train.epochs: {values: [3, 4]}}",
        "parameters: {model.ae.train: {values: [{epochs: 2}]}}", "parameters: {train.steps: {values: [40]}}",
        "runs: [{train.epochs: 4}]",
        "parameters: {model.ae.latent: {values: [3, 4]}}, tie: {train.epochs: model.ae.latent}"}) {
    EXPECT_THAT(refused("halving: {min_epochs: 1}, " + std::string(sections)),
                HasSubstr("how long they train cannot be swept: the experiment has train.epochs 3 and"))
        << sections;
  }
  EXPECT_THAT(refused("halving: {min_epochs: 1}, parameters: {model: {values: [{a: {type: autoencoder}}]}}"),
              HasSubstr("halving compares ae of all runs, and the run with model={a: {type: autoencoder}}"));
  EXPECT_THAT(refused("halving: {min_epochs: 1}, parameters: {split.validation: {values: [0.15, 0]}}"),
              HasSubstr("ae.loss.validation after epochs, which the run with split.validation=0 does not measure: its "
                        "split.validation is 0"));
  const std::vector<std::string> vae{"~model.ae", "model.vae={type: vae, hidden: [16], latent: 4}"};
  EXPECT_THAT(refused("halving: {min_epochs: 1}, metric: {name: vae.validation.energy_distance}, "
                      "parameters: {train.monitor: {values: [energy_distance, loss]}}",
                      {vae[0], vae[1], "train.monitor=energy_distance"}),
              HasSubstr("which the run with train.monitor=loss does not measure: its train.monitor is loss"));
  EXPECT_FALSE(exists("s"));
}

/// A split of the data's own may have no validation cells; nothing says so before they are read.
TEST_F(Halving, SaysWhereNoRunMeasuresTheMetric) {
  std::string parts = "cell,split\n";
  const Table cells = read_obs(folder / "cells.h5ad");
  for (std::size_t c = 0; c < cells.names.size(); ++c) parts += cells.names[c] + (c % 5 > 0 ? ",train\n" : ",test\n");
  write_bytes(folder / "parts.csv", parts);
  write_sweep("method: halving, halving: {min_epochs: 1, factor: 2}, parameters: {model.ae.latent: {values: [2, 8]}}");
  const Finished done = sweep({"split.by=file", "split.file=parts.csv"});
  EXPECT_EQ(done.code, 3) << done.err;
  EXPECT_THAT(done.err, HasSubstr("s: no run goes on from epoch 1: their metrics.csv have no finite ae.loss.validation"));
  const std::string status = program({"status", "s"}).out;
  EXPECT_THAT(status, AllOf(HasSubstr("2 runs, 2 pruned"), testing::ContainsRegex("pruned .* ae 1/3")));
}

}  // namespace
}  // namespace sparcell::test
