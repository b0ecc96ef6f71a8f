// Values of test cells as means over every perturbation.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "sparcell/evaluate.h"

namespace sparcell {

/// The perturbations of the test cells, in the order of their names' first use, with the number of their
/// cells.
PerturbationTable perturbation_table(const Dataset& data, std::span<const std::int32_t> test);

/// Adds a column of means: `values` are of `cells`.
void add_column(PerturbationTable& table, const Dataset& data, const std::string& name,
                std::span<const std::int32_t> cells, std::span<const double> values);

}  // namespace sparcell
