// Which cells the filters keep.
#pragma once

#include <vector>

#include "sparcell/filter.h"

namespace sparcell {

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
