// Where the files are that a run reads, seen from here.
#pragma once

#include <string>

#include "sparcell/experiment.h"

namespace sparcell {

/// Paths that are relative and name nothing here are led to what they name in `began`, the folder in which
/// the run began. Throws DataError where the data are in neither; `run` is what reads them.
void find_files(Experiment& experiment, const std::string& began, const std::string& run);

}  // namespace sparcell
