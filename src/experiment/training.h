// Training in a run folder: every model goes on from its last checkpoint, where it has one.
#pragma once

#include <string>

#include "experiment/event_file.h"
#include "experiment/result.h"
#include "experiment/run_folder.h"
#include "experiment/trained_model.h"

namespace sparcell {

/// What training a model shares with the rest of the run.
struct TrainingSurroundings {
  Context& context;
  const Experiment& experiment;
  const Prepared& prepared;
  OwnedRunFolder& folder;
  MetricsFile& metrics;
  EventFile& events;
  Status& status;
  RunLog& log;
  nlohmann::json earlier_costs;  ///< by model: what status.json says of earlier processes
  std::string config_hash, lineage;
  std::int64_t pause_after = 0;  ///< epochs after which training is interrupted; 0: none
};

/// Trains the model to its end and leaves in it the weights to judge. Throws as Trainer::run does, and
/// DataError where its checkpoints are damaged or of another run.
ModelOutcome train_in_folder(TrainingSurroundings& around, TrainedModel& model);

}  // namespace sparcell
