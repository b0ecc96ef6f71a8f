// result.json: what a run found, for programs.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiment/prepared.h"
#include "sparcell/evaluate.h"
#include "train/trainer.h"

namespace sparcell {

/// What training one model left.
struct ModelOutcome {
  std::string name;
  const ModelOptions* options = nullptr;
  std::int64_t parameters = 0;
  TrainResult training;
  Weights weights = Weights::last;  ///< that are judged, and that the losses but those of training are of
  LossParts validation_loss;
  LossParts test;      ///< loss parts on test cells with the full KL weight
  Metrics validation;  ///< of validation cells (evaluate/validation_scores.h)
};

/// What a run knows about itself.
struct RunRecord {
  const Experiment* experiment = nullptr;
  std::string device;
  std::string config_hash;
  std::vector<ModelOutcome> models;
  StageCosts stages;
  std::vector<std::string> warnings;
  std::vector<std::string>
      resumed_elsewhere;  ///< how places differ between which it moved; its bits are its own
};

/// What training a model cost.
nlohmann::ordered_json cost_json(const TrainResult& training);

nlohmann::ordered_json result_json(const RunRecord& record, const Prepared& prepared,
                                   const Evaluation& evaluation);

/// An evaluation alone: models with the weights that were judged, baselines, verdicts, metrics.
nlohmann::ordered_json evaluation_json(const Evaluation& evaluation, const Prepared& prepared,
                                       const std::vector<std::pair<std::string, Weights>>& weights);

}  // namespace sparcell
