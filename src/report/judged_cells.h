// Whether runs side by side were judged on the same test cells.
#pragma once

#include <string>
#include <vector>

#include "report/run_folder.h"

namespace sparcell {

/// By the runs' data checksum, split.csv, genes.csv and normalization: "All are judged on the same test
/// cells.", or in what the runs differ, or which of them does not say. Models of one run always are.
std::string judged_cells(const std::vector<RunFolder>& runs, const std::vector<std::string>& labels);

}  // namespace sparcell
