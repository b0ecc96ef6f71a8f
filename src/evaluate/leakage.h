// Did test cells take part in a fit?
#pragma once

#include <string>
#include <vector>

#include "sparcell/evaluate.h"

namespace sparcell {

/// Checks every fit against the test cells, by row and by content: a test cell of at least 8 non-zero values
/// that equal those of a fitted cell is its copy. Throws DataError, naming what was fitted and a cell, where
/// test cells took part in a fit that does not declare it, or where more than 1 % of them are copies; fewer
/// copies, and declared fits, are recorded with a warning.
std::vector<FitRecord> check_leakage(const Dataset& data, std::span<const std::int32_t> test,
                                     const std::vector<Fit>& fits, Log& log);

/// Warns of test cells that are copies of other test cells: what is estimated from them takes them for
/// independent ones.
void warn_of_repeated_cells(const Dataset& data, std::span<const std::int32_t> test, Log& log);

}  // namespace sparcell
