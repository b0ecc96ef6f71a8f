// Genes that are named: by a list, by the perturbations.
#pragma once

#include <string>
#include <vector>

#include "sparcell/select.h"

namespace sparcell {

/// The genes that a text file names, in its order; a name that several genes have means the first. Throws
/// DataError for a file that cannot be read or names nothing, and for names that no gene has.
std::vector<std::int32_t> genes_of_list(const Table& genes, const std::string& path);

/// The genes that are perturbed: parts of the labels by name, or without a guide number (ZAP70_1 is ZAP70).
/// Those that the matrix lacks are counted in the log.
std::vector<std::int32_t> perturbed_genes(const Dataset& data, Log& log);

}  // namespace sparcell
