// Splits that are drawn: by cell, within each perturbation, by perturbation.
#pragma once

#include <cstdint>
#include <vector>

#include "sparcell/split.h"

namespace sparcell {

Split draw_cells(const Dataset& data, const SplitOptions& options, std::uint64_t seed);
Split draw_cells_of_each_perturbation(const Dataset& data, const SplitOptions& options, std::uint64_t seed);
Split draw_perturbations(const Dataset& data, const SplitOptions& options, std::uint64_t seed);

/// Splits that are given.
Split split_of_column(const Dataset& data, const SplitOptions& options);
Split split_of_file(const Dataset& data, const SplitOptions& options);

}  // namespace sparcell
