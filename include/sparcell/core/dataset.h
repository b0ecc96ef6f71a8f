// The data set that travels through the nine stations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "sparcell/core/matrix.h"
#include "sparcell/core/table.h"

namespace sparcell {

/// What was done to each cell. Perturbation 0 is always the control, even where no cell has it.
struct Perturbations {
  std::vector<std::string> names;               ///< canonical: "control", "KLF1", "CEBPA+KLF1" (parts sorted)
  std::vector<std::vector<std::string>> parts;  ///< perturbed genes or guides of each name; empty for control
  std::vector<std::int32_t> of_cell;            ///< index into names; -1 where a cell has no label

  bool known() const { return !of_cell.empty(); }  ///< false: the data set has no perturbation labels
};

/// Cells x genes with annotations.
struct Dataset {
  Csr<float> x;          ///< the values that the program works on: counts until `normalize`
  Table cells;           ///< obs
  Table genes;           ///< var
  Perturbations perturbations;
  bool counts = false;   ///< x holds non-negative integers, checked
  std::string source;    ///< file the data came from
  std::string matrix;    ///< which matrix of the file: X, layers/counts, raw/X, matrix...
  std::string checksum;  ///< of the file's bytes (for a folder: of its files): sha256 as 64 hex digits

  std::int64_t cell_count() const { return x.rows; }
  std::int64_t gene_count() const { return x.cols; }
};

/// The data set of the given cells, in the given order.
Dataset take_cells(const Dataset& data, const std::vector<std::int32_t>& cells);

/// The data set of the genes whose `keep` is true; they keep the file's order.
Dataset take_genes(const Dataset& data, const std::vector<bool>& keep);

}  // namespace sparcell
