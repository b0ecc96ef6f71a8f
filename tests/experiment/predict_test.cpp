// Models that are told perturbations and batches, as runs and commands have them.
#include <gmock/gmock.h>

#include <cmath>
#include <sstream>

#include "experiment/equal_runs.h"
#include "sparcell/anndata.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::HasSubstr;

class ToldModels : public SmallExperiment {
 protected:
  const std::vector<std::string> told{
      "~model.gan", "model.ae.condition=perturbation", "model.ae.conditioning.control_input=1",
      "model.vae.condition=perturbation", "model.vae.conditioning={encoder: true, control_input: 0.5}"};

  std::string succeed(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  std::string fail(const std::vector<std::string>& arguments, int code) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, code) << done.err;
    // One sentence, behind what was read until then.
    const std::size_t sentence = done.err.find("sparcell: ");
    EXPECT_NE(sentence, std::string::npos) << done.err;
    EXPECT_EQ(done.err.find('\n', sentence), done.err.size() - 1) << done.err;
    return done.err;
  }
  std::vector<std::string> with(std::vector<std::string> arguments, const std::vector<std::string>& more) {
    arguments.insert(arguments.end(), more.begin(), more.end());
    return arguments;
  }
  /// A single perturbation of the simulated cells, as the run calls it.
  std::string first_perturbation() {
    const Table cells = read_obs(folder / "r/latent.h5ad");
    for (std::int64_t c = 0; c < cells.rows(); ++c) {
      const std::string name = cells.find("perturbation")->text(c);
      if (name != "control" && name.find('+') == std::string::npos) return name;
    }
    throw InternalError("no perturbation");
  }
};

std::vector<double> mean_of(const Csr<float>& x, const std::vector<std::int64_t>& rows) {
  std::vector<double> mean(static_cast<std::size_t>(x.cols));
  for (const std::int64_t r : rows) {
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k)
      mean[x.indices[k]] += x.values[k] / static_cast<double>(rows.size());
  }
  return mean;
}

/// The value of a row of per_perturbation.csv.
double in_table(const std::string& path, const std::string& perturbation, const std::string& column) {
  std::istringstream lines(file_bytes(path));
  std::string line, field;
  std::getline(lines, line);
  std::istringstream header(line);
  int wanted = -1, at = 0;
  for (; std::getline(header, field, ','); ++at) wanted = field == column ? at : wanted;
  while (std::getline(lines, line)) {
    std::istringstream fields(line);
    at = 0;
    bool here = false;
    while (std::getline(fields, field, ',')) {
      if (at == 0) here = field == perturbation;
      if (here && at == wanted) return std::stod(field);
      ++at;
    }
  }
  ADD_FAILURE() << path << " has no " << column << " of " << perturbation;
  return 0;
}

TEST_F(ToldModels, PredictWritesTheControlsThatTheEvaluationJudged) {
  finished_run("r", told);
  const std::string name = first_perturbation();
  succeed({"predict", "r", "p.h5ad", "--perturbation", name, "--model", "ae"});
  const Table cells = read_obs(folder / "r/latent.h5ad"), predicted = read_obs(folder / "p.h5ad");
  const Csr<float> x = read_matrix(folder / "r/latent.h5ad"), y = read_matrix(folder / "p.h5ad");
  std::vector<std::int64_t> tested, all;
  std::vector<std::string> controls;
  for (std::int64_t c = 0; c < cells.rows(); ++c) {
    const std::string label = cells.find("perturbation")->text(c), part = cells.find("split")->text(c);
    if (label == name && part == "test") tested.push_back(c);
    if (label == "control" && part == "train") controls.push_back(cells.names[c]);
  }
  std::vector<std::string> began_as;
  for (std::int64_t c = 0; c < predicted.rows(); ++c) began_as.push_back(predicted.find("control")->text(c));
  EXPECT_EQ(began_as, controls);
  EXPECT_EQ(predicted.names[0], "ae_" + name + "_" + controls[0]);
  EXPECT_EQ(predicted.find("predicted_perturbation")->text(0), name);
  for (std::int64_t r = 0; r < y.rows; ++r) all.push_back(r);
  const std::vector<double> real = mean_of(x, tested), guess = mean_of(y, all);
  double squares = 0;
  for (std::size_t g = 0; g < real.size(); ++g) squares += std::pow(real[g] - guess[g], 2);
  EXPECT_NEAR(std::sqrt(squares), in_table(folder / "r/per_perturbation.csv", name, "ae_predicted_l2"), 1e-4);
  const nlohmann::json result = json("r/result.json");
  EXPECT_TRUE(result["models"]["ae"]["test"].contains("seen_l2"));
  EXPECT_TRUE(result["baselines"]["training_mean"]["test"].contains("seen_l2"));
  EXPECT_FALSE(result["models"]["ae"]["test"].contains("unseen_l2"))
      << "every perturbation has training cells";
}

TEST_F(ToldModels, PredictRefusesWhatTheModelCannotKnow) {
  finished_run("r", with(told, {"~model.vae"}));
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", "NOSUCH"}, 3),
              HasSubstr("model ae: NOSUCH: no training cell is perturbed in NOSUCH"));
  const std::string name = first_perturbation();
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", name.substr(0, name.size() - 1) + "x"}, 3),
              HasSubstr("; did you mean '"));
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", name, "--where", "npert=1"}, 3),
              HasSubstr("; did you mean 'nperts'?\n"));
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", name, "--model", "ea"}, 2),
              HasSubstr("; did you mean 'ae'?\n"));
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", name, "--where", "nperts=7"}, 3),
              HasSubstr("predict: --where nperts=7: no cell has the value 7; the column holds 0, 1"));
  EXPECT_FALSE(exists("p.h5ad"));
  succeed(
      {"predict", "r", "p.h5ad", "--perturbation", name, "--where", "nperts=0.0"});  // as filter.obs takes it
  EXPECT_TRUE(exists("p.h5ad"));
  finished_run("plain", {"~model.vae", "~model.gan"});
  EXPECT_THAT(fail({"predict", "plain", "p.h5ad", "--perturbation", "A"}, 2),
              HasSubstr("predict: no model of plain is told perturbations (model.NAME.condition)"));
}

TEST_F(ToldModels, AChoiceIsOfTheModelsThatPredict) {
  finished_run("r", {"model.ae.condition=[perturbation]", "model.gan.condition=[perturbation]"});
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", "A"}, 2),
              HasSubstr("r: say with --model which of its models is meant: ae (autoencoder), gan (gan)\n"));
}

/// A GAN generates a cell for every control; the same cells that the evaluation took the mean of.
TEST_F(ToldModels, AGanPredictsAndGoesOn) {
  const std::vector<std::string> gan{"~model.ae", "~model.vae", "model.gan.condition=[perturbation, nperts]",
                                     "model.gan.output=hurdle"};
  finished_run("r", gan);
  const std::string name = first_perturbation();
  succeed({"predict", "r", "p.h5ad", "--perturbation", name});
  const Table cells = read_obs(folder / "r/latent.h5ad");
  const Csr<float> x = read_matrix(folder / "r/latent.h5ad"), y = read_matrix(folder / "p.h5ad");
  std::vector<std::int64_t> tested, all;
  for (std::int64_t c = 0; c < cells.rows(); ++c) {
    if (cells.find("perturbation")->text(c) == name && cells.find("split")->text(c) == "test")
      tested.push_back(c);
  }
  for (std::int64_t r = 0; r < y.rows; ++r) all.push_back(r);
  const std::vector<double> real = mean_of(x, tested), guess = mean_of(y, all);
  double squares = 0;
  for (std::size_t g = 0; g < real.size(); ++g) squares += std::pow(real[g] - guess[g], 2);
  EXPECT_NEAR(std::sqrt(squares), in_table(folder / "r/per_perturbation.csv", name, "gan_predicted_l2"),
              1e-4);
  EXPECT_TRUE(json("r/result.json")["models"]["gan"]["test"].contains("seen_l2"));
  succeed({"generate", "r", "new.h5ad", "--cells",
           std::to_string(json("r/result.json")["data"]["test"].get<int>()), "--seed", "3"});
  EXPECT_EQ(read_matrix(folder / "new.h5ad").values, read_matrix(folder / "r/generated_gan.h5ad").values);
  succeed({"predict", "r", "q.h5ad", "--perturbation", "control"});
  EXPECT_NE(read_matrix(folder / "q.h5ad").values, y.values);
  const nlohmann::json judged = nlohmann::json::parse(succeed({"evaluate", "r"}));
  EXPECT_EQ(judged["models"]["gan"]["test"], json("r/result.json")["models"]["gan"]["test"]);
  finished_run("short", with(gan, {"train.epochs=2"}));
  succeed({"resume", "short", "train.epochs=3"});
  EXPECT_EQ(differences(folder / "r", folder / "short"), std::vector<std::string>{});
}

/// Products of genes that are perturbed together, in all that a run does.
TEST_F(ToldModels, AGanOfLearnedPairsPredictsDoublesAndGoesOn) {
  const std::vector<std::string> gan{"~model.ae", "~model.vae", "model.gan.condition=[perturbation, nperts]",
                                     "model.gan.conditioning={combine: learned, rank: 2}",
                                     "model.gan.weight_average=0.5"};
  finished_run("r", gan);
  const nlohmann::json result = json("r/result.json");
  EXPECT_TRUE(result["models"]["gan"]["test"].contains("seen_l2"));
  const Table cells = read_obs(folder / "r/latent.h5ad");
  std::string both;
  for (std::int64_t c = 0; c < cells.rows() && both.empty(); ++c) {
    const std::string name = cells.find("perturbation")->text(c);
    if (name.find('+') != std::string::npos) both = name;
  }
  ASSERT_FALSE(both.empty());
  const std::size_t plus = both.find('+');
  succeed({"predict", "r", "p.h5ad", "--perturbation", both});
  succeed({"predict", "r", "q.h5ad", "--perturbation", both.substr(plus + 1) + "+" + both.substr(0, plus)});
  EXPECT_EQ(read_matrix(folder / "p.h5ad").values, read_matrix(folder / "q.h5ad").values);
  EXPECT_THAT(fail({"predict", "r", "n.h5ad", "--perturbation", both + "+NOSUCH"}, 3),
              HasSubstr("no training cell is perturbed in NOSUCH"));
  succeed({"generate", "r", "new.h5ad", "--cells", std::to_string(result["data"]["test"].get<int>()),
           "--seed", "3"});
  EXPECT_EQ(read_matrix(folder / "new.h5ad").values, read_matrix(folder / "r/generated_gan.h5ad").values);
  EXPECT_EQ(nlohmann::json::parse(succeed({"evaluate", "r"}))["models"]["gan"]["test"],
            result["models"]["gan"]["test"]);
  finished_run("short", with(gan, {"train.epochs=2"}));
  succeed({"resume", "short", "train.epochs=3"});
  EXPECT_EQ(differences(folder / "r", folder / "short"), std::vector<std::string>{});
}

TEST_F(ToldModels, AGanThatIsToldNothingPredictsNothing) {
  finished_run("r", {"~model.vae", "model.ae.condition=[perturbation]"});
  EXPECT_THAT(fail({"predict", "r", "p.h5ad", "--perturbation", "A", "--model", "gan"}, 2),
              HasSubstr("--model gan: not a model of r that can do this; choose ae (autoencoder)\n"));
}

TEST_F(ToldModels, PredictTakesTheModelThatIsToldThePerturbation) {
  finished_run("r", {"model.vae.condition=[perturbation]"});
  const std::string name = first_perturbation();
  succeed({"predict", "r", "p.h5ad", "--perturbation", name});
  EXPECT_EQ(read_obs(folder / "p.h5ad").find("source")->text(0), "vae");
}

TEST_F(ToldModels, GiveTheirNumbersAgainAndEqualBits) {
  finished_run("r", told);
  finished_run("again", told);
  EXPECT_EQ(differences(folder / "r", folder / "again"), std::vector<std::string>{});
  const nlohmann::json judged = nlohmann::json::parse(succeed({"evaluate", "r"}));
  const nlohmann::json result = json("r/result.json");
  EXPECT_EQ(judged["models"]["ae"]["test"], result["models"]["ae"]["test"]);
  EXPECT_EQ(judged["prediction"], result["prediction"]);
  const std::string count = std::to_string(result["data"]["test"].get<int>());
  succeed({"generate", "r", "new.h5ad", "--cells", count, "--seed", "3"});
  EXPECT_EQ(read_matrix(folder / "new.h5ad").values, read_matrix(folder / "r/generated_vae.h5ad").values);
  succeed({"embed", "r", "cells.h5ad", "e.h5ad", "--model", "ae"});
  EXPECT_EQ(read_obsm(folder / "e.h5ad", "X_ae").values, read_obsm(folder / "r/latent.h5ad", "X_ae").values);
}

TEST_F(ToldModels, GoOnWithEqualBits) {
  const std::vector<std::string> ae = with(told, {"~model.vae"});
  finished_run("whole", ae);
  finished_run("short", with(ae, {"train.epochs=2"}));
  succeed({"resume", "short", "train.epochs=3"});
  EXPECT_EQ(differences(folder / "whole", folder / "short"), std::vector<std::string>{});
}

TEST_F(ToldModels, RefuseWhatTheDataDoNotHave) {
  EXPECT_THAT(
      fail({"run", "small.yaml", "--out", "r", "~model.gan", "~model.vae", "model.ae.condition=lane"}, 3),
      HasSubstr("model.ae.condition: "));
  EXPECT_FALSE(exists("r"));
}

}  // namespace
}  // namespace sparcell::test
