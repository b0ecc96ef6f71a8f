#include "sparcell/core/dataset.h"

namespace sparcell {
namespace {

/// Raw counts as the values of a matrix of x's form.
Csr<float> with_values(const Csr<float>& x, const LargeArray<float>& values) {
  return {.rows = x.rows, .cols = x.cols, .offsets = x.offsets, .indices = x.indices, .values = values};
}

}  // namespace

Dataset take_cells(const Dataset& data, const std::vector<std::int32_t>& cells) {
  Dataset taken;
  taken.x = take_rows(data.x, cells);
  taken.cells = take_rows(data.cells, cells);
  taken.genes = data.genes;
  taken.perturbations.names = data.perturbations.names;
  taken.perturbations.parts = data.perturbations.parts;
  taken.perturbations.column = data.perturbations.column;
  if (data.perturbations.known()) {
    taken.perturbations.of_cell.reserve(cells.size());
    for (std::int32_t cell : cells) taken.perturbations.of_cell.push_back(data.perturbations.of_cell[cell]);
  }
  taken.counts = data.counts;
  taken.raw = data.raw;
  if (data.raw.known()) {
    taken.raw.values = take_rows(with_values(data.x, data.raw.values), cells).values;
    taken.raw.library.clear();
    for (std::int32_t cell : cells) taken.raw.library.push_back(data.raw.library[cell]);
  }
  taken.source = data.source;
  taken.matrix = data.matrix;
  taken.checksum = data.checksum;
  return taken;
}

Dataset take_genes(const Dataset& data, const std::vector<bool>& keep) {
  std::vector<std::int32_t> kept;
  for (std::size_t g = 0; g < keep.size(); ++g) {
    if (keep[g]) kept.push_back(static_cast<std::int32_t>(g));
  }
  Dataset taken;
  taken.x = take_columns(data.x, keep);
  taken.cells = data.cells;
  taken.genes = take_rows(data.genes, kept);
  taken.perturbations = data.perturbations;
  taken.counts = data.counts;
  taken.raw = data.raw;
  if (data.raw.known()) taken.raw.values = take_columns(with_values(data.x, data.raw.values), keep).values;
  taken.source = data.source;
  taken.matrix = data.matrix;
  taken.checksum = data.checksum;
  return taken;
}

}  // namespace sparcell
