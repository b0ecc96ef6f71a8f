// Guides and the genes that they perturb.
#pragma once

#include <string>
#include <vector>

#include "sparcell/core/dataset.h"

namespace sparcell {

/// ZAP70 of ZAP70_1; the name itself where it ends otherwise.
std::string without_guide_number(const std::string& name);

/// The genes that each perturbation perturbs, sorted, each once: its parts without the numbers of guides, so
/// that A_1, A_2 and A_1+A_2 are all perturbations of A. A part stays as it is where it is the name of a gene
/// of the data; and all of them where numbers alone tell them apart (drug_1, drug_2, ...).
std::vector<std::vector<std::string>> genes_of_perturbations(const Dataset& data);

}  // namespace sparcell
