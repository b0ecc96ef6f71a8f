// Cells of another file in the place of a run's test cells.
#pragma once

#include <string>

#include "experiment/finished_run.h"

namespace sparcell {

/// Options for reading another file: the run's, without its labels and its table of annotations, which the
/// file may not have.
ReadOptions options_for(const FinishedRun& run, const std::string& path);

/// Adds the cells of another file, in the models' space, behind the run's own and makes them the test cells.
/// They have the perturbations that the run's column of labels names, where the file has it too: a label of
/// the run's own means what it means there, others are read by the run's convention. What was found goes to
/// the log, in the name of `command`. Of other annotations only those that `models` are told are kept; throws
/// DataError where the file has no such column.
void replace_test_cells(const FinishedRun& run, const Dataset& other, const ModelSet& models,
                        const std::string& command, Prepared& prepared, Log& log);

}  // namespace sparcell
