// Station 5, select: the genes that models see.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/dataset.h"
#include "sparcell/core/describe.h"
#include "sparcell/core/log.h"
#include "sparcell/normalize.h"

namespace sparcell {

enum class SelectFlavor { variance, seurat, cell_ranger, seurat_v3, list, all };
template <>
struct Names<SelectFlavor> {
  static constexpr std::string_view values[] = {"variance",  "seurat", "cell_ranger",
                                                "seurat_v3", "list",   "all"};
};

struct SelectOptions {
  SelectFlavor flavor = SelectFlavor::variance;
  std::int64_t genes = 1000;
  FitOn fit_on = FitOn::train;
  std::string file;
  bool include_perturbed = false;
};

template <class Visitor>
void describe(Visitor& v, SelectOptions& o) {
  v.field("flavor", o.flavor,
          "Ranking: variance (of normalized values, divisor n), seurat, cell_ranger, seurat_v3 (as scanpy), "
          "list, all.");
  v.field("genes", o.genes, at_least(1), "Number of genes to take.");
  v.field("fit_on", o.fit_on, "Cells that the ranking is fitted on.");
  v.field("file", o.file, "For flavor list: a text file with one gene name a line.");
  v.field("include_perturbed", o.include_perturbed, "Add the perturbed genes that the ranking leaves out.");
}

/// Which genes were taken.
struct Selection {
  std::vector<std::int32_t> genes;  ///< columns of the data set, ascending (the file's order)
  std::vector<std::int64_t> rank;   ///< of each: 1 is the highest score or first of a list; 0: forced in
  std::vector<double> score;        ///< of each: what it was ranked by
  std::string score_name;           ///< variance, normalized_dispersion, normalized_variance or none
};

/// Ranks genes of the data set after normalize; seurat_v3 by the counts that it has beside (a warning where
/// these are not whole). Ties go to the gene that comes first. Genes without a score (for dispersions: those
/// that do not vary) are not ranked; more genes than are ranked: those that are, more than there are: all,
/// with a warning each. DataError for a list that names unknown genes (counted, first ones named), for
/// seurat_v3 without counts or where its trend cannot be fitted, for seurat and cell_ranger on values that
/// are not log-normalized, and where no gene is left.
Selection select(Context& context, const Dataset& data, const SelectOptions& options,
                 std::span<const std::int32_t> train_cells, Log& log);

/// The data set of the selected genes. As take_genes, on the context's threads.
Dataset take_selected(Context& context, const Dataset& data, const Selection& selection);

/// genes.csv: gene, column of the data set, rank, score.
void write_genes(const std::string& path, const Dataset& data, const Selection& selection);

}  // namespace sparcell
