// Columns of annotations by name, for sentences about one that is not there; and labels that are not.
#pragma once

#include <string>
#include <vector>

#include "sparcell/core/dataset.h"

namespace sparcell {

std::vector<std::string> column_names(const Table& table);

/// "perturbation, batch; did you mean 'batch'?", the rest of a sentence on what there is instead.
std::string columns_instead_of(const std::string& wanted, const Table& table);

/// Throws DataError, which the option `who` begins, where the data have no perturbation labels.
void need_labels(const Dataset& data, const std::string& who);

}  // namespace sparcell
