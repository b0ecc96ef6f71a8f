// Which cells weights were fitted on: what checkpoints say of it, and what a run that starts from another's
// weights must know.
#pragma once

#include <string>
#include <vector>

#include "experiment/prepared.h"

namespace sparcell {

/// The cells that models see: training and validation cells.
std::vector<std::int32_t> seen_cells(const Prepared& prepared);

/// SHA-256 of the names, in any order, of the cells that models see.
std::string seen_cells_hash(const Prepared& prepared);

/// The cells of `prepared` that the weights which models start from (`train.init_from`) have seen, in that
/// run or in one that it started from. Throws DataError where a run's split.csv is not that of its
/// checkpoint. Where a run was trained on another data file, or an earlier one is gone, a warning says that
/// its cells cannot be told.
std::vector<Fit> fits_of_starts(const Experiment& experiment, const Prepared& prepared, Log& log);

}  // namespace sparcell
