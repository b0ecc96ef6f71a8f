// Station 2, filter: keeps the cells, genes and perturbations that the experiment is about.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/dataset.h"
#include "sparcell/core/describe.h"
#include "sparcell/core/log.h"

namespace sparcell {

struct FilterOptions {
  std::vector<std::pair<std::string, std::vector<std::string>>> obs;
  std::vector<std::string> perturbations{"all"};
  std::int64_t min_cells_per_perturbation = 0;
  std::int64_t min_genes = 0;
  std::int64_t max_genes = 0;
  double min_counts = 0;
  double max_counts = 0;
  double max_mitochondrial = 1;
  std::int64_t min_cells = 0;
};

template <class Visitor>
void describe(Visitor& v, FilterOptions& o) {
  v.map("obs", o.obs, "Obs column to the value, or list of values, of the cells to keep.");
  v.field("perturbations", o.perturbations,
          "all, single (controls and cells with one perturbed gene), or a list of labels; controls are always kept.");
  v.field("min_cells_per_perturbation", o.min_cells_per_perturbation, at_least(0),
          "Perturbations with fewer cells are left out; the control is always kept.");
  v.field("min_genes", o.min_genes, at_least(0), "Cells with fewer detected genes are left out.");
  v.field("max_genes", o.max_genes, at_least(0), "Cells with more detected genes are left out; 0 is no limit.");
  v.field("min_counts", o.min_counts, at_least(0), "Cells with a smaller sum are left out.");
  v.field("max_counts", o.max_counts, at_least(0), "Cells with a larger sum are left out; 0 is no limit.");
  v.field("max_mitochondrial", o.max_mitochondrial, share,
          "Cells with a larger share of counts in MT- genes are left out.");
  v.field("min_cells", o.min_cells, at_least(0), "Genes detected in fewer cells are left out.");
}

/// Filters in the order obs, perturbations, cells, genes, min_cells_per_perturbation; perturbations without a cell are
/// dropped (the control stays first). Each filter that removed something is one line in the log. Throws DataError naming
/// the filter that left no cell or gene, a column that is missing, or a label that no cell has.
Dataset filter(Dataset data, const FilterOptions& options, Log& log);

}  // namespace sparcell
