// Which cells the filters keep.
#pragma once

#include <string>
#include <vector>

#include "sparcell/filter.h"

namespace sparcell {

/// The cells that have one of the values in the obs column, as a user writes them: `true` for a boolean that
/// anndata shows as True, 3 for 3.0. Throws DataError, which begins with `who`, where the column or a value
/// is not there.
std::vector<bool> cells_with(const Dataset& data, const std::string& column,
                             const std::vector<std::string>& values, const std::string& who);

/// Narrows `keep` to the cells whose obs columns have the wanted values.
void keep_by_obs(const Dataset& data, const FilterOptions& options, std::vector<bool>& keep, Log& log);

/// Narrows `keep` to the wanted perturbations and the control.
void keep_by_perturbation(const Dataset& data, const FilterOptions& options, std::vector<bool>& keep,
                          Log& log);

/// Narrows `keep` by detected genes, sums and the mitochondrial share.
void keep_by_counts(const Dataset& data, const FilterOptions& options, std::vector<bool>& keep, Log& log);

/// Narrows `keep` to the control, cells without a label and perturbations with enough cells.
void keep_large_perturbations(const Dataset& data, std::int64_t min_cells, std::vector<bool>& keep, Log& log);

}  // namespace sparcell
