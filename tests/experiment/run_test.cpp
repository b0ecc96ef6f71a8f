// A whole run: its folder, its result.json, and that it repeats to the bit.
#include <gmock/gmock.h>

#include <cmath>

#include "experiment/equal_runs.h"
#include "sparcell/anndata.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Run : public SmallExperiment {};

/// Where models see standardized values, counts are what people read; and wherever they are asked for.
TEST_F(Run, ReconstructionsAreJudgedAsCountsWhereValuesWereStandardized) {
  const auto scores_of = [&](const std::string& name, const std::vector<std::string>& more) {
    std::vector<std::string> arguments{"~model.vae", "~model.gan"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    finished_run(name, arguments);
    return json(name + "/result.json")["models"]["ae"]["test"];
  };
  const nlohmann::json plain = scores_of("plain", {}),
                       always = scores_of("always", {"evaluate.as_counts=always"}),
                       standardized = scores_of("standardized", {"normalize.standardize=true"}),
                       never = scores_of("never", {"normalize.standardize=true", "evaluate.as_counts=never"});
  EXPECT_FALSE(plain.contains("counts_mse"));
  EXPECT_GT(always["counts_mse"], plain["mse"]) << "counts of a cell are larger than their logarithms";
  EXPECT_EQ(always["mse"], plain["mse"]);
  EXPECT_TRUE(standardized.contains("counts_mse"));
  EXPECT_FALSE(never.contains("counts_mse"));
  EXPECT_EQ(json("standardized/result.json")["metrics"]["counts_mse"], "mse_normalized_counts_v1");
  const nlohmann::json again = nlohmann::json::parse(program({"evaluate", "standardized"}).out);
  EXPECT_EQ(again["models"]["ae"]["test"]["counts_mse"], standardized["counts_mse"]);
  EXPECT_FALSE(scores_of("counts", {"normalize.log1p=false", "evaluate.as_counts=always"}).contains("counts_mse"))
      << "they are counts";
}

TEST_F(Run, TheFolderIsComplete) {
  finished_run("r", {"report.html=true"});
  std::vector<std::string> found = files("r");
  EXPECT_EQ(
      std::erase_if(found, [](const std::string& name) { return name.starts_with("events.out.tfevents."); }),
      1);
  EXPECT_THAT(
      found,
      ElementsAre("checkpoints/ae/best.h5", "checkpoints/ae/last.h5", "checkpoints/gan/last.h5",
                  "checkpoints/preprocessing.h5", "checkpoints/vae/best.h5", "checkpoints/vae/last.h5",
                  "config.yaml", "generated_gan.h5ad", "generated_vae.h5ad", "genes.csv", "latent.h5ad",
                  "log.txt", "metrics.csv", "overrides.yaml", "per_gene.csv", "per_perturbation.csv",
                  "provenance.json", "report.html", "result.json", "split.csv", "status.json"));
  EXPECT_EQ(json("r/status.json")["state"], "done");
  EXPECT_EQ(file_bytes(folder / "r/overrides.yaml"), "- \"report.html=true\"\n");
  for (const char* key : {"build", "arguments", "host", "device", "data", "split_sha256", "genes_sha256",
                          "started", "finished"})
    EXPECT_TRUE(json("r/provenance.json").contains(key)) << key;
}

/// What result.json and latent.h5ad call themselves is no name for a model.
TEST_F(Run, NoModelIsNamedAsABaseline) {
  finished_run("r", {"model.vae.latent=5"});
  const nlohmann::json baselines = json("r/result.json")["baselines"];
  EXPECT_GE(baselines.size(), 12u);
  for (const auto& [name, scores] : baselines.items()) {
    const Finished done = program({"validate", "small.yaml", "model." + name + "={type: autoencoder}"});
    EXPECT_EQ(done.code, 2) << name;
    EXPECT_THAT(done.err, HasSubstr("the model name '" + name + "' is that of a reference"));
  }
}

TEST_F(Run, TheResultIsWrittenLast) {
  finished_run("r", {"report.html=true"});
  const auto written = std::filesystem::last_write_time(folder / "r/result.json");
  for (const std::string& name : files("r")) {
    EXPECT_LE(std::filesystem::last_write_time(folder / ("r/" + name)), written) << name;
  }
}

/// Every number of a JSON tree is one: result.json says null of what is not finite.
void expect_finite(const nlohmann::json& json, const std::string& where) {
  EXPECT_FALSE(json.is_null()) << where;
  if (!json.is_structured()) return;
  for (const auto& [key, value] : json.items()) expect_finite(value, where + "/" + key);
}

TEST_F(Run, TheResultHasEveryKeyThatOtherToolsRelyOn) {
  finished_run("r");
  const nlohmann::json result = json("r/result.json");
  expect_finite(result, "");
  const std::vector<std::string> pointers{"/name",
                                          "/config_hash",
                                          "/seed",
                                          "/device",
                                          "/threads",
                                          "/data/cells",
                                          "/data/genes",
                                          "/data/nonzeros",
                                          "/data/train",
                                          "/data/validation",
                                          "/data/test",
                                          "/data/perturbations",
                                          "/models/ae/type",
                                          "/models/ae/parameters",
                                          "/models/ae/epochs",
                                          "/models/ae/best_epoch",
                                          "/models/ae/stopped_early",
                                          "/models/ae/weights",
                                          "/models/ae/validation/mse",
                                          "/models/vae/validation/mse",
                                          "/models/vae/validation/energy_distance",
                                          "/models/gan/validation/energy_distance",
                                          "/models/ae/loss/train",
                                          "/models/ae/loss/validation",
                                          "/models/ae/loss/test",
                                          "/models/ae/test/mse",
                                          "/models/ae/test/mae",
                                          "/models/ae/test/r2",
                                          "/models/ae/test/r2_varying",
                                          "/models/ae/test/pearson_per_gene",
                                          "/models/ae/cost/train_seconds",
                                          "/models/ae/cost/steps",
                                          "/models/ae/cost/step_microseconds",
                                          "/models/ae/cost/cells_per_second",
                                          "/models/ae/cost/phases/data",
                                          "/models/ae/cost/phases/forward",
                                          "/models/ae/cost/phases/loss",
                                          "/models/ae/cost/phases/backward",
                                          "/models/ae/cost/phases/optimizer",
                                          "/models/ae/cost/phases/evaluation",
                                          "/models/ae/cost/phases/checkpoint",
                                          "/models/vae/test/mse",
                                          "/models/vae/test/mse_at_mean",
                                          "/models/vae/test/kl",
                                          "/models/vae/test/energy_distance",
                                          "/models/gan/loss/discriminator",
                                          "/models/gan/loss/generator",
                                          "/models/gan/loss/penalty",
                                          "/models/gan/test/energy_distance",
                                          "/models/gan/test/zero_fraction_error",
                                          "/models/gan/test/mean_pearson_squared",
                                          "/models/gan/test/variance_ratio",
                                          "/baselines/gene_mean/test/mse",
                                          "/baselines/pca/test/mse",
                                          "/baselines/pca_clamped/test/mse",
                                          "/baselines/pca_shrunk/test/mse",
                                          "/baselines/gaussian_pca/test/energy_distance",
                                          "/baselines/shuffled_genes/test/energy_distance",
                                          "/baselines/nb_library/test/energy_distance",
                                          "/baselines/nb_library/test/iwelbo",
                                          "/baselines/pca_gaussian/same_as",
                                          "/baselines/split_half/test/energy_distance",
                                          "/verdicts/0/model",
                                          "/verdicts/0/metric",
                                          "/verdicts/0/baseline",
                                          "/verdicts/0/difference",
                                          "/verdicts/0/interval/1",
                                          "/verdicts/0/beats",
                                          "/metrics/mse",
                                          "/stages/read",
                                          "/stages/train",
                                          "/peak_memory_bytes"};
  for (const std::string& pointer : pointers)
    EXPECT_TRUE(result.contains(nlohmann::json::json_pointer(pointer))) << pointer;
  EXPECT_EQ(result["schema"], 1);
  EXPECT_EQ(result["metrics"]["mse"], "mse_log1p_v1");
  EXPECT_EQ(result["config_hash"].get<std::string>().size(), 64);
}

/// Patience that ends with the last epoch stopped nothing.
TEST_F(Run, ATrainingThatTookAllItsEpochsDidNotStopEarly) {
  const std::vector<std::string> impatient{"~model.vae", "~model.gan", "train.early_stopping.patience=1",
                                           "train.optimizer.learning_rate=0.3"};
  std::vector<std::string> long_one = impatient;
  long_one.emplace_back("train.epochs=40");
  finished_run("stopped", long_one);
  const int epochs = json("stopped/result.json")["models"]["ae"]["epochs"];
  ASSERT_LT(epochs, 40);
  std::vector<std::string> whole = impatient;
  whole.push_back(fmt::format("train.epochs={}", epochs));
  whole.insert(whole.end(), {"--out", "whole"});
  const Finished done = run(whole);
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_EQ(json("whole/result.json")["models"]["ae"]["epochs"], epochs);
  EXPECT_EQ(json("whole/result.json")["models"]["ae"]["stopped_early"], false);
  EXPECT_THAT(done.out + done.err, testing::Not(testing::HasSubstr("stopped early")));
}

/// An autoencoder's loss is the mean squared error, which training sums on its own way.
TEST_F(Run, MetricsOfValidationCellsAreThoseOfTheCellsThatTheLossIsOf) {
  finished_run("r", {"model.vae.likelihood=nb", "evaluate.weights=best"});
  const nlohmann::json models = json("r/result.json")["models"];
  finished_run("last");
  const nlohmann::json ae = json("last/result.json")["models"]["ae"];
  EXPECT_NEAR(ae["validation"]["mse"].get<double>(), ae["loss"]["validation"].get<double>(), 1e-6);
  EXPECT_EQ(ae["validation"].size(), 1u);
  EXPECT_EQ(models["gan"]["validation"].size(), 1u);
  EXPECT_EQ(models["vae"]["validation"].size(), 3u);
  // Of other cells than the test's, but of the same kind.
  EXPECT_NEAR(models["vae"]["validation"]["iwelbo"].get<double>(),
              models["vae"]["test"]["iwelbo"].get<double>(),
              0.1 * std::abs(models["vae"]["test"]["iwelbo"].get<double>()));
  finished_run("few", {"evaluate.metrics=[mae]"});
  EXPECT_TRUE(json("few/result.json")["models"]["vae"]["validation"].empty());
}

TEST_F(Run, TheResultCountsWhatTheExperimentAskedFor) {
  finished_run("r");
  const nlohmann::json result = json("r/result.json"), data = result["data"];
  EXPECT_EQ(data["cells"], 240);
  EXPECT_EQ(data["genes"], 60);
  EXPECT_EQ(data["train"].get<int>() + data["validation"].get<int>() + data["test"].get<int>(), 240);
  EXPECT_EQ(data["perturbations"], 5);  // without the control
  EXPECT_EQ(data["nonzeros"], read_matrix(folder / "r/latent.h5ad").nonzeros());
  const std::int64_t batches = (data["train"].get<std::int64_t>() + 31) / 32;
  EXPECT_EQ(result["models"]["gan"]["cost"]["steps"], 3 * batches);
  // Layers 60-16-4-16-60 with biases, and scale and shift of two batch normalizations.
  EXPECT_EQ(result["models"]["ae"]["parameters"],
            60 * 16 + 16 + 16 * 4 + 4 + 4 * 16 + 16 + 16 * 60 + 60 + 2 * 2 * 16);
}

/// What is in no phase: the host's work between steps, a hundredth of a second of files.
TEST_F(Run, PhasesOfTrainingAddUpToItsTime) {
  finished_run("r", {"train.epochs=60"});
  for (const auto& [name, model] : json("r/result.json")["models"].items()) {
    const nlohmann::json cost = model["cost"];
    double sum = 0;
    for (const auto& [phase, seconds] : cost["phases"].items()) {
      EXPECT_GT(seconds, 0) << name << " " << phase;
      sum += seconds.get<double>();
    }
    EXPECT_LT(sum, cost["train_seconds"]) << name;
    EXPECT_GT(sum, 0.3 * cost["train_seconds"].get<double>()) << name;
  }
}

TEST_F(Run, MetricsAreALongTableOfNumbers) {
  finished_run("r");
  std::ifstream file(folder / "r/metrics.csv");
  std::string line;
  std::getline(file, line);
  EXPECT_EQ(line, "epoch,step,model,split,name,value");
  std::vector<std::string> losses;
  while (std::getline(file, line)) {
    ASSERT_EQ(std::count(line.begin(), line.end(), ','), 5) << line;
    EXPECT_TRUE(std::isfinite(std::stod(line.substr(line.rfind(',') + 1)))) << line;
    if (line.find(",ae,validation,loss,") != std::string::npos)
      losses.push_back(line.substr(0, line.find(',')));
  }
  EXPECT_THAT(losses, ElementsAre("0", "1", "2"));
}

TEST_F(Run, RepeatsToTheBit) {
  finished_run("a", {"threads=2"});
  finished_run("b", {"threads=2"});
  EXPECT_THAT(differences(folder / "a", folder / "b"), IsEmpty());
}

TEST_F(Run, AnotherSeedIsAnotherRun) {
  finished_run("a");
  finished_run("b", {"seed=4"});
  const std::vector<std::string> found = differences(folder / "a", folder / "b");
  for (const char* file : {"split.csv", "metrics.csv", "latent.h5ad", "generated_gan.h5ad",
                           "checkpoints/ae/last.h5", "result.json"})
    EXPECT_THAT(found, Contains(std::string(file) + " differs"));
}

TEST_F(Run, ItsConfigRepeatsIt) {
  finished_run("a", {"train.epochs=2", "model.vae.train.optimizer.learning_rate=0.002"});
  const Finished again = program({"run", "a/config.yaml", "--out", "b"});
  ASSERT_EQ(again.code, 0) << again.err;
  EXPECT_THAT(differences(folder / "a", folder / "b"), IsEmpty());
}

TEST_F(Run, TheConfigHashNamesWhatIsComputed) {
  finished_run("a");
  std::filesystem::copy(folder / "cells.h5ad", folder / "copy.h5ad");
  finished_run("same", {"name=other", "tags=[x]", "report.max_points=500", "read.path=copy.h5ad"});
  finished_run("other", {"model.ae.latent=5"});
  const auto hash = [&](const std::string& run) { return json(run + "/result.json")["config_hash"]; };
  EXPECT_EQ(hash("a"), hash("same"));
  EXPECT_NE(hash("a"), hash("other"));
}

TEST_F(Run, ASplitOfAnEarlierRunIsTakenAgain) {
  finished_run("a");
  finished_run("b", {"split.stratify=false", "split.by=file", "split.file=a/split.csv", "seed=9"});
  EXPECT_EQ(file_bytes(folder / "a/split.csv"), file_bytes(folder / "b/split.csv"));
}

TEST_F(Run, SaysWhatIsHeldOutAndThatItStoppedEarly) {
  const Finished done = run({"~model.vae", "~model.gan",
                             "split={by: perturbation, hold_out: singles, train: 0.5, validation: 0.25, "
                             "test: 0.25}",
                             "train.epochs=40", "train.early_stopping.patience=1",
                             "train.optimizer.learning_rate=0.3", "--out", "r"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, testing::ContainsRegex("split: 1 perturbation held out for test: GENE[0-9]+"));
  EXPECT_THAT(done.err,
              testing::ContainsRegex("train ae: stopped early after [0-9]+ epochs; it was best after [0-9]+ of them"));
  const nlohmann::json ae = json("r/result.json")["models"]["ae"];
  EXPECT_LT(ae["epochs"], 40);
  EXPECT_EQ(ae["stopped_early"], true);
  EXPECT_THAT(done.out,
              HasSubstr(fmt::format(
                  "ae stopped early, after {} epochs; its validation loss was lowest after {} of them.",
                  ae["epochs"].get<int>(), ae["best_epoch"].get<int>() + 1)));
  EXPECT_EQ(ae["epochs"].get<int>(), ae["best_epoch"].get<int>() + 1 + 1) << "its patience";
}

TEST_F(Run, WarnsOfCountsThatAreTakenAsTheyAre) {
  const Finished done = run({"~model.vae", "~model.gan", "normalize=none", "--out", "r"});
  ASSERT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.err, testing::HasSubstr("normalize is none, and X of cells.h5ad holds integer counts"));
}

TEST_F(Run, ASplitOfFewOfTheCellsIsWarnedOf) {
  finished_run("a");
  const std::string text = file_bytes(folder / "a/split.csv");
  std::size_t end = 0;
  for (int line = 0; line < 201; ++line) end = text.find('\n', end) + 1;
  write_bytes(folder / "part.csv", text.substr(0, end));
  const Finished done = run({"split.stratify=false", "split.by=file", "split.file=part.csv", "--out", "b"});
  EXPECT_EQ(done.code, 0) << done.err;
  EXPECT_THAT(done.out + done.err, HasSubstr("split.file: 40 of 240 cells are in no part"));
}

}  // namespace
}  // namespace sparcell::test
