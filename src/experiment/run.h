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
  std::int64_t pause_after = 0;        ///< epochs of each model after which it is interrupted; 0: none
};

/// Runs the nine stations and returns the run folder. Nothing is left on disk where it fails before the
/// first checkpoint, except for a numerical failure. SIGTERM, SIGINT, SIGUSR1 and SIGHUP end it after the
/// step with a checkpoint and Interrupted.
std::string run(const Experiment& experiment, const RunRequest& request);

struct ResumeRequest {
  std::vector<std::string> overrides;  ///< of what may change on the way
  std::vector<std::string> arguments;
  std::int64_t pause_after = 0;  ///< as RunRequest's
};

/// Goes on with a run that was stopped in any way, to the same bits as if it had not been. Without overrides
/// a finished run is left as it is; with more epochs it is extended. Throws UsageError where the folder holds
/// no run, another process writes to it, its schema is another version's, or an override would make it
/// another run; DataError where the data file or a checkpoint is not what it was.
void resume(const std::string& folder, const ResumeRequest& request);

}  // namespace sparcell
