// The nine stations in a folder that this process owns.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "experiment/run_folder.h"
#include "sparcell/experiment.h"

namespace sparcell {

/// Counts up when a run's folder changes in a way that an older version could not go on with.
inline constexpr int run_schema = 1;

/// A run that begins or goes on.
struct RunStart {
  Experiment experiment;
  OwnedRunFolder& folder;
  std::vector<std::string> overrides;  ///< all that were ever given
  std::vector<std::string> arguments;
  std::int64_t pause_after = 0;
  bool resumed = false;
  nlohmann::json earlier_status, earlier_provenance;  ///< of the processes before, where they left any
};

/// Takes every station that is not behind the run, with StopSignals around it. See `run` and `resume` for how
/// it ends.
void run_stations(const RunStart& start, RunLog& log);

}  // namespace sparcell
