// An experiment from its file to its report.
#pragma once

#include <string>
#include <vector>

#include "sparcell/experiment.h"

namespace sparcell {

/// What the command line adds to the experiment.
struct RunRequest {
  std::string out;                     ///< the run folder; empty: runs/<name>/<stamp>
  std::vector<std::string> overrides;  ///< as given
  std::vector<std::string> arguments;  ///< the whole command line
};

/// Runs the nine stations and returns the run folder. Nothing is left on disk where it fails before the
/// first checkpoint, except for a numerical failure. SIGTERM, SIGINT and SIGUSR1 end it after the step with a checkpoint and Interrupted.
std::string run(const Experiment& experiment, const RunRequest& request);

}  // namespace sparcell
