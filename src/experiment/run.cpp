#include "experiment/run.h"

#include "experiment/signals.h"
#include "experiment/stations.h"
#include "sparcell/core/context.h"
#include "sparcell/evaluate.h"

namespace sparcell {

std::string run(const Experiment& experiment, const RunRequest& request) {
  check_metrics(experiment.evaluate);
  find_device(experiment.device);
  const StopSignals signals;
  const auto folder = OwnedRunFolder::create(choose_run_folder(experiment.name, request.out));
  RunLog log;
  run_stations({.experiment = experiment,
                .folder = *folder,
                .overrides = request.overrides,
                .arguments = request.arguments,
                .pause_after = request.pause_after,
                .resumed = false,
                .earlier_status = nlohmann::json::object(),
                .earlier_provenance = nlohmann::json::object()},
               log);
  return folder->paths().folder.string();
}

}  // namespace sparcell
