// The data set that travels through the nine stations.
#pragma once

#include <cmath>
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
  std::string column{};                         ///< obs column of the labels; empty where none is known

  bool known() const { return !of_cell.empty(); }  ///< false: the data set has no perturbation labels
};

/// The counts that normalized values were made from: a value is count * target_sum / library, or log(1 + that).
struct RawCounts {
  LargeArray<float> values;     ///< of every non-zero of x, in its order
  std::vector<double> library;  ///< of every cell: its sum over all genes that there were when it was normalized
  double target_sum = 0;
  bool log1p = false;

  bool known() const { return target_sum > 0; }  ///< false: the values were taken as they are
};

/// A count of a cell with that many counts in all, as `normalize` would have it; 0 in a cell without counts.
inline float normalized(double count, double library, const RawCounts& raw) {
  if (library <= 0) return 0.0f;
  const double value = count * raw.target_sum / library;
  return static_cast<float>(raw.log1p ? std::log1p(value) : value);
}

/// Cells x genes with annotations.
struct Dataset {
  Csr<float> x;          ///< the values that the program works on: counts until `normalize`
  Table cells;           ///< obs
  Table genes;           ///< var
  Perturbations perturbations;
  bool counts = false;   ///< x holds counts, checked: not negative, and whole but for read.fractional_counts
  RawCounts raw;         ///< after `normalize`
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
