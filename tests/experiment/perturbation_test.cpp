// Perturbations predicted from their genes, on simulated cells whose truth is known: a model beats the linear
// one where two genes interact, and does not where everything is linear.
#include <gmock/gmock.h>

#include <cmath>
#include <map>

#include "experiment/equal_runs.h"
#include "sparcell/anndata.h"
#include "support/small_experiment.h"

namespace sparcell::test {
namespace {

using testing::HasSubstr;

constexpr const char* doubles_yaml = R"(name: doubles
seed: 1
threads: 1
device: cpu
read: {path: cells.h5ad}
split: {by: perturbation, hold_out: doubles, seen: 2, train: 0.6, validation: 0.15, test: 0.25}
select: {flavor: all}
model:
  ae:
    type: autoencoder
    hidden: [64]
    latent: 8
    normalization: none
    activation: silu
    dropout: 0
    skip: true
    start: pca
    output: relu
    condition: perturbation
    conditioning: {embedding: loadings, control_input: 1}
    train:
      optimizer: {type: adamw, learning_rate: 3.0e-3, weight_decay: 1.0e-3}
      schedule: {type: cosine, warmup_steps: 50}
train: {steps: 1500, batch: 128}
evaluate: {weights: best}
report: {html: false}
)";

class PerturbationPrediction : public SmallExperiment {
 protected:
  void simulate_doubles(SimulatedEpistasis epistasis) {
    simulate(folder / "cells.h5ad",
             {.cells = 7000,
              .genes = 200,
              .perturbations = 24,
              .doubles = 180,
              .controls = 0.08,
              .density = 0.9,
              .effects = SimulatedEffects::linear,
              .epistasis = epistasis,
              .seed = 1},
             silent);
    write_bytes(folder / "doubles.yaml", doubles_yaml);
  }
  nlohmann::json run_doubles(const std::string& out, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"run", "doubles.yaml", "--out", out};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Finished done = program(arguments);
    EXPECT_EQ(done.code, 0) << done.err;
    return json(out + "/result.json");
  }
  static bool beats(const nlohmann::json& result, const std::string& baseline) {
    for (const auto& verdict : result["prediction"]["verdicts"]) {
      if (verdict["baseline"] == baseline && verdict["held"] == "unseen") return verdict["beats"];
    }
    ADD_FAILURE() << "no verdict against " << baseline;
    return false;
  }
};

TEST_F(PerturbationPrediction, BeatsTheLinearModelWhereGenesInteract) {
  simulate_doubles(SimulatedEpistasis::product);
  const nlohmann::json result = run_doubles("r");
  EXPECT_TRUE(beats(result, "linear")) << result["models"]["ae"]["test"] << result["baselines"]["linear"];
  EXPECT_TRUE(beats(result, "control_mean"));
  EXPECT_EQ(result["prediction"]["groups"]["several_seen_2"]["perturbations"], 45);
}

TEST_F(PerturbationPrediction, DoesNotBeatTheLinearModelWhereEverythingIsLinear) {
  simulate_doubles(SimulatedEpistasis::none);
  const nlohmann::json result = run_doubles("r");
  EXPECT_FALSE(beats(result, "linear")) << result["models"]["ae"]["test"] << result["baselines"]["linear"];
  EXPECT_TRUE(beats(result, "control_mean"));
}

}  // namespace
}  // namespace sparcell::test
