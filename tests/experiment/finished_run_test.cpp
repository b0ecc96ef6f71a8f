// What a finished run is asked for: generate, evaluate, report (embed: embed_test).
#include <gmock/gmock.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "hdf5/file.h"
#include "sparcell/anndata.h"
#include "support/renamed.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::Each;
using testing::HasSubstr;

class FinishedRunCommands : public SmallExperiment {
 protected:
  /// Standard output of a command that must succeed.
  std::string succeed(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  /// Of a run's epochs, as its metrics.csv has them.
  std::vector<double> validation_values(const std::string& run, const std::string& model, const std::string& name) {
    std::ifstream file(folder / (run + "/metrics.csv"));
    const std::string key = "," + model + ",validation," + name + ",";
    std::vector<double> values;
    for (std::string line; std::getline(file, line);) {
      const std::size_t at = line.find(key);
      if (at != line.npos) values.push_back(std::stod(line.substr(at + key.size())));
    }
    return values;
  }
  /// Every number of the run's evaluation comes again from `evaluate`.
  void expect_same_evaluation(const std::vector<std::string>& options) {
    finished_run("r", options);
    const nlohmann::json again = nlohmann::json::parse(succeed({"evaluate", "r"}));
    nlohmann::json result = json("r/result.json");
    for (auto& [name, model] : result["models"].items()) {
      model["test"].erase("kl");  // a loss part: training gives it
      EXPECT_EQ(again["models"][name]["test"], model["test"]) << name;
      EXPECT_EQ(again["models"][name]["weights"], model["weights"]) << name;
    }
    EXPECT_EQ(again["baselines"], result["baselines"]);
    EXPECT_EQ(again["verdicts"], result["verdicts"]);
    EXPECT_EQ(again["metrics"], result["metrics"]);
    EXPECT_EQ(again.value("held_out", nlohmann::json()), result.value("held_out", nlohmann::json()));
  }
};

/// The loss of validation cells is that of the weights that are judged, as the epoch found it; with draws and a KL
/// weight of their own it would be another number.
TEST_F(FinishedRunCommands, TheValidationLossIsThatOfTheJudgedWeights) {
  for (const std::string weights : {"best", "last"}) {
    finished_run(weights, {"evaluate.weights=" + weights, "train.optimizer.learning_rate=0.1", "train.epochs=20",
                           "model.vae.kl={weight: 0.3, warmup: 0.2}", "~model.gan"});
    const nlohmann::json models = json(weights + "/result.json")["models"];
    for (const std::string model : {"ae", "vae"}) {
      const std::vector<double> losses = validation_values(weights, model, "loss");
      const std::size_t best = models[model]["best_epoch"];
      ASSERT_LT(best, 19u) << model << " should overfit";
      EXPECT_EQ(models[model]["weights"], weights);
      EXPECT_EQ(models[model]["loss"]["validation"], losses.at(weights == "best" ? best : 19)) << model;
    }
  }
  const std::string said = succeed({"compare", "best"});
  EXPECT_THAT(said, testing::ContainsRegex("Judged are the best weights of ae .after [0-9]+ of 20 epochs., vae "));
  EXPECT_THAT(succeed({"compare", "last"}), HasSubstr("Judged are the last weights of every model."));
}

TEST_F(FinishedRunCommands, GenerateGivesTheGeneratedCellsOfTheRun) {
  finished_run("r");
  const std::string count = std::to_string(json("r/result.json")["data"]["test"].get<int>());
  for (const std::string model : {"vae", "gan"}) {
    succeed({"generate", "r", "new.h5ad", "--cells", count, "--seed", "3", "--model", model});
    const Csr<float> ours = read_matrix(folder / ("r/generated_" + model + ".h5ad"));
    EXPECT_EQ(read_matrix(folder / "new.h5ad").values, ours.values) << model;
    EXPECT_EQ(read_var(folder / "new.h5ad").names, read_var(folder / "r/latent.h5ad").names);
  }
}

TEST_F(FinishedRunCommands, GenerateMakesAsManyCellsAsAskedForWithTheirSource) {
  finished_run("r", {"~model.vae", "~model.ae"});
  succeed({"generate", "r", "new.h5ad", "--cells", "700"});
  const Csr<float> x = read_matrix(folder / "new.h5ad");
  EXPECT_EQ(x.rows, 700);
  EXPECT_EQ(x.cols, 60);
  const Table cells = read_obs(folder / "new.h5ad");
  const Column* source = cells.find("source");
  ASSERT_NE(source, nullptr);
  for (std::int64_t cell = 0; cell < cells.rows(); ++cell) ASSERT_EQ(source->text(cell), "gan");
}

TEST_F(FinishedRunCommands, GenerateTakesTheMixtureAndLibrarySizesOfTheTrainingCells) {
  finished_run("r", {"~model.ae", "~model.gan", "model.vae.likelihood=nb",
                     "model.vae.sample={from: mixture, components: 3}"});
  const std::string count = std::to_string(json("r/result.json")["data"]["test"].get<int>());
  succeed({"generate", "r", "new.h5ad", "--cells", count, "--seed", "3"});
  const LargeArray<float> of_run = read_matrix(folder / "r/generated_vae.h5ad").values;
  EXPECT_EQ(read_matrix(folder / "new.h5ad").values, of_run);
  succeed({"generate", "r", "prior.h5ad", "--cells", count, "--seed", "3", "--from", "prior"});
  EXPECT_NE(read_matrix(folder / "prior.h5ad").values, of_run);
  succeed({"embed", "r", "cells.h5ad", "embedded.h5ad"});
  EXPECT_EQ(read_obsm(folder / "embedded.h5ad", "X_vae").values,
            read_obsm(folder / "r/latent.h5ad", "X_vae").values);
}

/// Which needs no data file, for its latent values are no cells'.
TEST_F(FinishedRunCommands, GenerateFromThePriorNeedsNoTrainingCells) {
  finished_run("r", {"~model.ae", "~model.gan", "model.vae.sample={from: mixture, components: 3}"});
  succeed({"generate", "r", "mixture.h5ad", "--cells", "30", "--seed", "3"});
  std::filesystem::remove(folder / "cells.h5ad");
  succeed({"generate", "r", "prior.h5ad", "--cells", "30", "--seed", "3", "--from", "prior"});
  EXPECT_EQ(read_matrix(folder / "prior.h5ad").rows, 30);
  EXPECT_NE(read_matrix(folder / "prior.h5ad").values, read_matrix(folder / "mixture.h5ad").values);
}

TEST_F(FinishedRunCommands, DispersionsOfPerturbationsAreThoseOfTheTrainingCellsDrawn) {
  const std::vector<std::string> options{
      "~model.ae", "~model.gan", "model.vae.likelihood=zinb", "model.vae.dispersion=gene_perturbation",
      "model.vae.kl.warmup=0"};  // a share of epochs, of which a resume adds some
  expect_same_evaluation(options);
  const std::string count = std::to_string(json("r/result.json")["data"]["test"].get<int>());
  succeed({"generate", "r", "new.h5ad", "--cells", count, "--seed", "3"});
  EXPECT_EQ(read_matrix(folder / "new.h5ad").values, read_matrix(folder / "r/generated_vae.h5ad").values);
  succeed({"embed", "r", "cells.h5ad", "embedded.h5ad"});
  EXPECT_EQ(read_obsm(folder / "embedded.h5ad", "X_vae").values,
            read_obsm(folder / "r/latent.h5ad", "X_vae").values);
  std::vector<std::string> fewer = options;
  fewer.push_back("train.epochs=2");
  finished_run("short", fewer);
  succeed({"resume", "short", "train.epochs=3"});
  EXPECT_EQ(file_bytes(folder / "short/checkpoints/vae/last.h5"),
            file_bytes(folder / "r/checkpoints/vae/last.h5"));
}

TEST_F(FinishedRunCommands, MixturesThatCannotBeAreRefused) {
  finished_run("r");
  const Finished gan =
      program({"generate", "r", "new.h5ad", "--cells", "3", "--model", "gan", "--from", "mixture"});
  EXPECT_EQ(gan.code, 2);
  EXPECT_THAT(gan.err, HasSubstr("--from mixture: gan is a GAN"));
  const Finished many = run({"~model.ae", "~model.gan", "model.vae.sample={from: mixture, components: 999}"});
  EXPECT_EQ(many.code, 3);
  EXPECT_THAT(many.err,
              HasSubstr("model.vae.sample.components is 999, but there are only 168 training cells"));
}

TEST_F(FinishedRunCommands, ModelsOfCountsAreEvaluatedAgain) {
  expect_same_evaluation(
      {"~model.gan", "model.vae.likelihood=zinb", "model.vae.library=decoded", "model.vae.kl.free_bits=0.1"});
  const nlohmann::json vae = json("r/result.json")["models"]["vae"]["test"];
  EXPECT_NEAR(vae["elbo"].get<double>(),
              vae["elbo_reconstruction"].get<double>() - vae["elbo_kl"].get<double>(), 1e-9);
  EXPECT_GE(vae["iwelbo"].get<double>(), vae["elbo"].get<double>());
}

TEST_F(FinishedRunCommands, TheBestWeightsOfAGanAreThoseNearestToValidationCells) {
  finished_run("r", {"~model.ae", "~model.vae", "evaluate.weights=best", "train.epochs=8",
                     "train.monitor=energy_distance", "model.gan.output=hurdle", "model.gan.library=output", "model.gan.weight_average=0.9"});
  const std::vector<double> distances = validation_values("r", "gan", "energy_distance");
  ASSERT_EQ(distances.size(), 8u);
  const auto best = std::min_element(distances.begin(), distances.end()) - distances.begin();
  EXPECT_EQ(json("r/result.json")["models"]["gan"]["best_epoch"], best);
  EXPECT_TRUE(exists("r/checkpoints/gan/best.h5"));
  const auto generated = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"generate", "r", "new.h5ad", "--cells", "20", "--seed", "3"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    succeed(arguments);
    return read_matrix(folder / "new.h5ad").values;
  };
  const LargeArray<float> chosen = generated({});
  EXPECT_EQ(chosen, generated({"--weights", "best"}));
  const hdf5::File file = hdf5::File::open(folder / "new.h5ad");
  EXPECT_EQ(file.dataset("uns/sparcell/data_checksum").read_strings().at(0),
            json("r/provenance.json")["data"]["sha256"]);
  if (best != 7) {
    EXPECT_NE(chosen, generated({"--weights", "last"}));
  }
}

TEST_F(FinishedRunCommands, AVaeCanBeMonitoredByItsGeneratedCellsToo) {
  const Finished done = run({"~model.ae", "~model.gan", "evaluate.weights=best", "train.epochs=6",
                             "train.monitor=energy_distance",
                             "model.vae.sample={from: mixture, components: 2}", "--out", "r"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, testing::ContainsRegex("epoch 6/6  loss [^ ]+  validation [^ ]+  energy distance [^ ]+  "));
  const std::vector<double> losses = validation_values("r", "vae", "loss"),
                            distances = validation_values("r", "vae", "energy_distance");
  ASSERT_EQ(losses.size(), 6u);
  ASSERT_EQ(distances.size(), 6u);
  const nlohmann::json vae = json("r/result.json")["models"]["vae"];
  EXPECT_EQ(vae["monitor"], "energy_distance");
  EXPECT_EQ(vae["best_epoch"], std::min_element(distances.begin(), distances.end()) - distances.begin());
  EXPECT_EQ(vae["weights"], "best");
  EXPECT_EQ(vae["loss"]["validation"], losses[vae["best_epoch"].get<std::size_t>()]);
}

TEST_F(FinishedRunCommands, AGanWithoutAMonitorHasNoBestWeights) {
  const Finished whole =
      run({"~model.ae", "~model.vae", "evaluate.weights=best", "train.epochs=2", "--out", "r"});
  EXPECT_EQ(whole.code, 0);
  EXPECT_THAT(whole.err, HasSubstr("its last weights are judged"));
  EXPECT_FALSE(exists("r/checkpoints/gan/best.h5"));
  EXPECT_FALSE(json("r/result.json")["models"]["gan"].contains("monitor"));
  const Finished asked = program({"generate", "r", "new.h5ad", "--cells", "20", "--weights", "best"});
  EXPECT_EQ(asked.code, 2);
  EXPECT_THAT(asked.err, HasSubstr("of a GAN one is kept where train.monitor is energy_distance"));
  EXPECT_THAT(program({"evaluate", "r", "--weights", "best"}).err,
              HasSubstr("gan has no best weights (its training was not monitored); its last are judged"));
}

TEST_F(FinishedRunCommands, EvaluateGivesTheNumbersOfTheRunAgain) { expect_same_evaluation({}); }

TEST_F(FinishedRunCommands, EvaluateGivesTheNumbersOfTheBestWeightsAgain) {
  expect_same_evaluation({"evaluate.weights=best", "split.stratify=false", "model.vae.train.epochs=6"});
}

TEST_F(FinishedRunCommands, EvaluateGivesTheNumbersOfASplitByPerturbationAgain) {
  expect_same_evaluation({"split.stratify=false", "split.by=perturbation", "split.train=0.5",
                          "split.validation=0.25", "split.test=0.25"});
}

/// Who never opens the page reads it, too.
TEST_F(FinishedRunCommands, ResultAndTerminalSayThatTestCellsAreOfHeldOutPerturbations) {
  finished_run("by_cell");
  EXPECT_FALSE(json("by_cell/result.json").contains("held_out"));
  const Finished done =
      run({"split={by: perturbation, train: 0.5, validation: 0.25, test: 0.25}", "--out", "r"});
  ASSERT_EQ(done.code, 0) << done.err;
  std::map<std::string, std::set<std::string>> splits;
  std::map<std::string, int> test_cells;
  const Table obs = read_obs(folder / "r/latent.h5ad");
  int all = 0;
  for (std::int64_t cell = 0; cell < obs.rows(); ++cell) {
    const std::string perturbation = obs.find("perturbation")->text(cell),
                      split = obs.find("split")->text(cell);
    splits[perturbation].insert(split);
    if (split != "test") continue;
    ++all;
    ++test_cells[perturbation];
  }
  int perturbations = 0, cells = 0;
  for (const auto& [perturbation, count] : test_cells) {
    if (splits[perturbation].contains("train")) continue;
    ++perturbations;
    cells += count;
  }
  ASSERT_GT(perturbations, 0);
  ASSERT_LT(cells, all) << "controls are split by cell";
  const nlohmann::json held = json("r/result.json")["held_out"];
  EXPECT_EQ(held["perturbations"], perturbations);
  EXPECT_EQ(held["test_cells"], cells);
  EXPECT_EQ(held["of_test_cells"], all);
  const std::string begin =
      fmt::format("{} of {} test cells are of {} perturbation", cells, all, perturbations);
  EXPECT_THAT(held["sentence"].get<std::string>(),
              testing::AllOf(testing::StartsWith(begin), testing::EndsWith("not of other perturbations.")));
  EXPECT_THAT(done.out, HasSubstr("  " + begin));
  EXPECT_THAT(succeed({"compare", "r"}), HasSubstr("  " + begin));
}

TEST_F(FinishedRunCommands, EvaluateJudgesTheCellsOfAnotherFile) {
  finished_run("r");
  simulate(folder / "other.h5ad",
           {.cells = 90,
            .genes = 120,
            .perturbations = 4,
            .doubles = 1,
            .controls = 0.3,
            .density = 0.3,
            .seed = 8},
           silent);
  const nlohmann::json other = nlohmann::json::parse(succeed({"evaluate", "r", "other.h5ad"}));
  EXPECT_NE(other["models"]["ae"]["test"]["mse"], json("r/result.json")["models"]["ae"]["test"]["mse"]);
}

/// The test cells of the run in a file of their own are judged as they were, by perturbation too.
TEST_F(FinishedRunCommands, EvaluateFindsThePerturbationsOfAnotherFile) {
  finished_run("r", {"~model.gan", "~model.vae"});
  const nlohmann::json result = json("r/result.json");
  write_test_cells("r", "test.h5ad");
  const Finished done = program({"evaluate", "r", "test.h5ad"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, HasSubstr("evaluate: obs column perturbation of test.h5ad: "));
  EXPECT_THAT(done.err, HasSubstr(" perturbations (0 that the run does not have), "));
  const nlohmann::json again = nlohmann::json::parse(done.out)["models"]["ae"]["test"];
  ASSERT_TRUE(again.contains("pseudobulk_mse") && again.contains("delta_pearson"));
  for (const auto& [key, value] : result["models"]["ae"]["test"].items()) {
    ASSERT_TRUE(again.contains(key)) << key;
    EXPECT_NEAR(again[key].get<double>(), value.get<double>(), 1e-5 * (1 + std::abs(value.get<double>()))) << key;
  }
  write_test_cells("r", "plain.h5ad", [](Table& cells) { cells.columns.clear(); });
  const Finished plain = program({"evaluate", "r", "plain.h5ad"});
  EXPECT_EQ(plain.code, 0) << plain.err;
  EXPECT_THAT(plain.err, HasSubstr("plain.h5ad has no obs column perturbation, which holds the run's perturbations: "
                                   "its cells have none"));
  const nlohmann::json without = nlohmann::json::parse(plain.out)["models"]["ae"]["test"];
  EXPECT_EQ(without["mse"], again["mse"]);
  EXPECT_FALSE(without.contains("pseudobulk_mse"));
}

/// Labels that the run does not have are cut and taken for controls as its own are; no control is needed.
TEST_F(FinishedRunCommands, EvaluateReadsOtherLabelsByTheRunsConvention) {
  finished_run("r", {"~model.gan", "~model.vae", "read.perturbation={column: guide, separator: ';', controls: ['NegCtrl*']}"});
  const auto judged = [&](const std::string& even, const std::string& odd) {
    std::filesystem::copy_file(folder / "cells.h5ad", folder / "other.h5ad",
                               std::filesystem::copy_options::overwrite_existing);
    rewrite(folder / "other.h5ad", [&](Csr<float>& x, Table& cells, Table&) {
      for (float& value : x.values) value += 1;  // other cells: those of the run were seen
      std::vector<std::string> guides;
      for (std::int64_t cell = 0; cell < x.rows; ++cell) guides.push_back(cell % 2 == 0 ? even : odd);
      cells.set({.name = "guide", .values = guides, .missing = {}});
    });
    const Finished done = program({"evaluate", "r", "other.h5ad"});
    EXPECT_EQ(done.code, 0) << done.err;
    EXPECT_TRUE(nlohmann::json::parse(done.out)["models"]["ae"]["test"].contains("pseudobulk_mse"));
    return done.err;
  };
  EXPECT_THAT(judged("NegCtrl99", "NEW_1;NegCtrl3"),
              HasSubstr("obs column guide of other.h5ad: 1 perturbations (1 that the run does not have), 120 control"));
  EXPECT_THAT(judged("GENE024_1", "NEW_1;GENE024_1"),
              HasSubstr("obs column guide of other.h5ad: 2 perturbations (1 that the run does not have), 0 control"));
}

TEST_F(FinishedRunCommands, EvaluateRefusesADataFileThatChanged) {
  finished_run("r");
  simulate(folder / "cells.h5ad", {.cells = 240, .genes = 120, .perturbations = 4, .seed = 8}, silent);
  const Finished done = program({"evaluate", "r"});
  EXPECT_EQ(done.code, 3) << done.err;
  EXPECT_TRUE(done.out.empty());
}

TEST_F(FinishedRunCommands, ReportIsWrittenAgain) {
  finished_run("r");
  for (const char* command : {"report", "compare"}) {
    const Finished done = program({command, "r", "--html", "r/result.json"});
    EXPECT_EQ(done.code, 2) << command;
    EXPECT_THAT(done.err, HasSubstr("name a file that ends in .html"));
  }
  EXPECT_EQ(json("r/result.json")["name"], "small") << "nothing was replaced";
  EXPECT_EQ(succeed({"report", "r"}), "r/report.html\n");
  EXPECT_THAT(file_bytes(folder / "r/report.html"), HasSubstr("</html>"));
}

TEST_F(FinishedRunCommands, AModelIsNamedWhereSeveralCanDoIt) {
  finished_run("r");
  for (const std::vector<std::string>& arguments :
       {std::vector<std::string>{"embed", "r", "cells.h5ad", "x.h5ad"},
        {"embed", "r", "cells.h5ad", "x.h5ad", "--model", "gan"},
        {"generate", "r", "x.h5ad", "--cells", "3"},
        {"generate", "r", "x.h5ad", "--cells", "3", "--model", "ae"},
        {"generate", "r", "x.h5ad", "--cells", "3", "--model", "gan", "--weights", "best"}}) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_EQ(done.err_lines(), 1) << done.err;
    EXPECT_FALSE(exists("x.h5ad"));
  }
}

TEST_F(FinishedRunCommands, OfAFileOfOtherGenesNothingElseIsSaid) {
  finished_run("r", {"~model.gan", "~model.vae"});
  const Csr<float> x = read_matrix(folder / "cells.h5ad");
  AnnDataContent content;
  content.x = &x;
  content.obs = read_obs(folder / "cells.h5ad");
  content.var = read_var(folder / "cells.h5ad");
  for (std::string& name : content.var.names) name = "ENSG" + name;
  write_anndata(folder / "other.h5ad", content);
  const Finished done = program({"embed", "r", "other.h5ad", "x.h5ad"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err, HasSubstr("other.h5ad has none of the 60 genes that the model needs"));
  EXPECT_THAT(done.err, testing::Not(HasSubstr("scaled up"))) << "nothing is scaled";
}

TEST_F(FinishedRunCommands, AnOutputDoesNotReplaceWhatTheCommandReads) {
  finished_run("r", {"~model.ae", "~model.gan", "model.vae.condition=perturbation"});
  std::filesystem::copy_file(folder / "cells.h5ad", folder / "mine.h5ad");
  std::filesystem::create_symlink("mine.h5ad", folder / "link.h5ad");
  for (const auto& [arguments, kept, what] :
       {std::tuple<std::vector<std::string>, std::string, std::string>{
            {"embed", "r", "mine.h5ad", "mine.h5ad"}, "mine.h5ad", "the input"},
        {{"embed", "r", "link.h5ad", "mine.h5ad"}, "mine.h5ad", "the input"},
        {{"embed", "r", "mine.h5ad", "./cells.h5ad"}, "cells.h5ad", "the run's data"},
        {{"generate", "r", "cells.h5ad", "--cells", "3"}, "cells.h5ad", "the run's data"},
        {{"generate", "r", "r/latent.h5ad", "--cells", "3"}, "r/latent.h5ad", "a file of the run"},
        {{"predict", "r", "r/checkpoints/vae/last.h5", "--perturbation", "control"},
         "r/checkpoints/vae/last.h5",
         "a file of the run"},
        {{"predict", "r", "cells.h5ad", "--perturbation", "control"}, "cells.h5ad", "the run's data"}}) {
    const std::string before = file_bytes(folder / kept);
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 2) << done.err;
    EXPECT_EQ(done.err_lines(), 1) << done.err;
    EXPECT_THAT(done.err, HasSubstr("would destroy " + what));
    EXPECT_EQ(file_bytes(folder / kept), before) << arguments[0];
  }
  for (const auto& [output, code, sentence] :
       {std::tuple<std::string, int, std::string>{"x.csv", 2, "an AnnData file is written, which is HDF5"},
        {"none/x.h5ad", 3, "none/x.h5ad: cannot be created: there is no folder none"}}) {
    for (const std::vector<std::string>& arguments :
         {std::vector<std::string>{"embed", "r", "mine.h5ad", output},
          {"generate", "r", output, "--cells", "3"},
          {"predict", "r", output, "--perturbation", "control"}}) {
      const Finished done = program(arguments);
      EXPECT_EQ(done.code, code) << done.err;
      EXPECT_EQ(done.err_lines(), 1) << "before data are read: " << done.err;
      EXPECT_THAT(done.err, HasSubstr(sentence));
    }
  }
  succeed({"embed", "r", "mine.h5ad", "r/other.h5ad"});  // a new file may lie anywhere
  succeed({"embed", "r", "mine.h5ad", "out.h5ad"});
  succeed({"embed", "r", "mine.h5ad", "out.h5ad"});  // and an earlier output may be replaced
}

TEST_F(FinishedRunCommands, EvaluateStopsWhereTheSplitIsNotThatOfTheWeights) {
  finished_run("r", {"~model.gan", "~model.vae"});
  std::string split = file_bytes(folder / "r/split.csv");
  const auto exchange = [&](const std::string& from, const std::string& to) {
    const std::size_t at = split.find(from);
    ASSERT_NE(at, std::string::npos);
    split.replace(at, from.size(), to);
  };
  exchange(",train", ",seen");  // one cell each: a training cell becomes a test cell
  exchange(",test", ",train");
  exchange(",seen", ",test");
  write_bytes(folder / "r/split.csv", split);
  const Finished done = program({"evaluate", "r"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err,
              HasSubstr("r/checkpoints/ae/last.h5 was fitted on other cells than r/split.csv says"));
}

/// The data's path was meant from where the run began.
TEST_F(FinishedRunCommands, FindTheDataFromAnotherFolder) {
  finished_run("r", {"~model.ae", "~model.gan"});
  const std::string expected = succeed({"evaluate", "r"});
  std::filesystem::create_directory(folder / "elsewhere");
  around.folder = folder.path() / "elsewhere";
  EXPECT_EQ(succeed({"evaluate", "../r"}), expected);
  std::filesystem::rename(folder / "cells.h5ad", folder / "moved.h5ad");
  const Finished done = program({"evaluate", "../r"});
  EXPECT_EQ(done.code, 3);
  EXPECT_THAT(done.err,
              HasSubstr("cells.h5ad, which ../r reads, is neither here nor in " + folder.path().string()));
}

TEST_F(FinishedRunCommands, SayWhereNoModelIsAble) {
  finished_run("r", {"~model.vae", "~model.gan"});
  const Finished done = program({"generate", "r", "g.h5ad", "--cells", "5"});
  EXPECT_EQ(done.code, 2);
  EXPECT_THAT(done.err, HasSubstr("r: none of its models can do this; it has ae (autoencoder)"));
}

}  // namespace
}  // namespace sparcell::test
