// Every station of a whole run with `device: cuda`, through the command line: it agrees with `device: cpu`,
// repeats to the bit, is resumed to the bit, and answers what a finished run is asked for.
#include <gmock/gmock.h>

#include <chrono>
#include <map>
#include <thread>

#include "cuda_on_host/program/agreement.h"
#include "cuda_on_host/program/tiny_experiment.h"
#include "experiment/equal_runs.h"
#include "sparcell/anndata.h"

namespace sparcell::test {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class RunOnDevice : public TinyExperiment {
 protected:
  std::string succeed(const std::vector<std::string>& arguments) {
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return done.out;
  }
  std::string text(const std::string& name) const { return file_bytes(folder / name); }

  /// What a value of result.json may differ by.
  static double tolerance(const std::string& key) {
    constexpr double one_test_cell = 1 / 14.0 + 1e-9;  // that changes sides of a decision
    static const std::map<std::string, double> of{{"linear_accuracy", one_test_cell},
                                                  {"knn_purity", one_test_cell},
                                                  {"precision", one_test_cell},
                                                  {"recall", one_test_cell},
                                                  {"coverage", one_test_cell},
                                                  {"memorization", one_test_cell},
                                                  {"two_sample_auroc", one_test_cell},
                                                  {"kmeans_nmi", one_test_cell},
                                                  {"kmeans_ari", one_test_cell},
                                                  {"r2", of_running_statistics},
                                                  {"r2_varying", of_running_statistics},
                                                  {"pearson_per_gene", of_running_statistics},
                                                  {"p_value", 2e-3}};  // two of 999 permutations
    const auto found = of.find(key);
    return found == of.end() ? 1e-3 : found->second;
  }
  /// A bias before batch normalization has a gradient of rounding alone, which Adam makes a step of its
  /// learning rate, 1e-3: the statistics of a batch take that back, running statistics of 9 steps do not.
  /// Without batch normalization (as the autoencoder here) both devices agree to 1e-7.
  static constexpr double of_running_statistics = 1e-2;

  static std::string rows_with(const std::string& field, const std::string& table) {
    std::string rows;
    for (const std::string& line : split_at(table, '\n')) {
      if (line.find(field) != line.npos) rows += line + '\n';
    }
    return rows;
  }

  /// result.json without what says when, where and on which device, and without the sentences, which round
  /// the numbers that are compared here. A verdict's numbers stand under its metric.
  nlohmann::json judged(const std::string& run) const {
    nlohmann::json result = without_times(folder / (run + "/result.json"));
    for (const char* key : {"config_hash", "device"}) result.erase(key);
    for (nlohmann::json& verdict : result["verdicts"]) {
      verdict[verdict["metric"].get<std::string>()] = {verdict["difference"], verdict["interval"]};
      for (const char* key : {"difference", "interval", "sentence"}) verdict.erase(key);
    }
    return result;
  }

  void expect_commands_repeat(const std::string& run) {
    nlohmann::json again = nlohmann::json::parse(succeed({"evaluate", run})),
                   result = json(run + "/result.json");
    EXPECT_EQ(again["baselines"], result["baselines"]);
    EXPECT_EQ(again["verdicts"], result["verdicts"]);
    for (auto& [name, model] : result["models"].items()) {
      model["test"].erase("kl");  // a loss part: training gives it
      EXPECT_EQ(again["models"][name]["test"], model["test"]) << name;
    }
    succeed({"embed", run, "cells.h5ad", "embedded.h5ad", "--model", "vae"});
    EXPECT_EQ(read_obsm(folder / "embedded.h5ad", "X_vae").values,
              read_obsm(folder / (run + "/latent.h5ad"), "X_vae").values);
    succeed({"generate", run, "new.h5ad", "--cells", std::to_string(result["data"]["test"].get<int>()),
             "--seed", "3", "--model", "gan"});
    EXPECT_EQ(read_matrix(folder / "new.h5ad").values,
              read_matrix(folder / (run + "/generated_gan.h5ad")).values);
  }
};

TEST_F(RunOnDevice, AgreesWithTheCpuAndAnswersAsAFinishedRun) {
  finished_run("cpu", {"device=cpu"});
  finished_run("cuda");
  EXPECT_EQ(json("cuda/result.json")["device"], "cuda:0");
  EXPECT_EQ(text("cuda/split.csv"), text("cpu/split.csv"));
  EXPECT_THAT(csv_differences(text("cpu/genes.csv"), text("cuda/genes.csv"), 1e-9),
              IsEmpty());  // sums in f64
  EXPECT_EQ(read_matrix(folder / "cuda/latent.h5ad").indices,
            read_matrix(folder / "cpu/latent.h5ad").indices);
  const std::string on_cpu = text("cpu/metrics.csv"), on_cuda = text("cuda/metrics.csv");
  EXPECT_THAT(csv_differences(on_cpu, on_cuda, of_running_statistics), IsEmpty());
  for (const char* sharp : {",train,", ",ae,"}) {
    EXPECT_THAT(rows_with(sharp, on_cpu), HasSubstr(",loss,")) << sharp;
    EXPECT_THAT(csv_differences(rows_with(sharp, on_cpu), rows_with(sharp, on_cuda), 1e-4), IsEmpty());
  }
  EXPECT_THAT(csv_differences(text("cpu/per_gene.csv"), text("cuda/per_gene.csv"), of_running_statistics),
              IsEmpty());
  std::vector<std::string> found;
  json_differences(judged("cpu"), judged("cuda"), "", "", tolerance, found);
  EXPECT_THAT(found, IsEmpty());
  expect_commands_repeat("cuda");
}

/// `auto` takes the device, says why, and gives the same numbers; steps one by one are those of whole
/// recorded epochs.
TEST_F(RunOnDevice, RepeatsToTheBit) {
  finished_run("a");
  finished_run("b");
  EXPECT_THAT(differences(folder / "a", folder / "b"), IsEmpty());
  for (const char* graph : {"step", "off"}) {
    finished_run(graph, {std::string("train.graph=") + graph, "evaluate.metrics=[mse]"});
    EXPECT_EQ(text("a/metrics.csv"), text(std::string(graph) + "/metrics.csv")) << "train.graph=" << graph;
  }
}

TEST_F(RunOnDevice, AStoppedRunEndsEqualToAnUndisturbedOne) {
  const std::vector<std::string> options{"train.epochs=8", "~model.vae", "train.checkpoint.every.epochs=1",
                                         "evaluate.metrics=[mse]"};
  finished_run("whole", options);
  std::vector<std::string> arguments{"run", "small.yaml", "--out", "stopped"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  Program program(arguments, around);
  const auto trains_gan = [&] { return exists("stopped/checkpoints/gan/last.h5"); };
  using namespace std::chrono_literals;
  for (int tries = 0; tries < 60000 && !trains_gan(); ++tries) std::this_thread::sleep_for(5ms);
  program.send(SIGTERM);
  const Finished stopped = program.wait();
  ASSERT_EQ(stopped.code, 75) << stopped.err;
  EXPECT_THAT(files("stopped"), Not(Contains(HasSubstr(".part"))));
  const std::string said = this->program({"resume", "stopped"}).err;
  EXPECT_THAT(
      said, AllOf(HasSubstr("train ae: 8 epochs, finished before"), HasSubstr("train gan: goes on after ")));
  EXPECT_THAT(differences(folder / "whole", folder / "stopped"), IsEmpty());
}

}  // namespace
}  // namespace sparcell::test
