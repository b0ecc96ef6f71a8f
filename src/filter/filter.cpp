#include "sparcell/filter.h"

#include <algorithm>

#include "filter/cells.h"
#include "filter/report.h"

namespace sparcell {
namespace {

Dataset keep_cells(Dataset data, const std::vector<bool>& keep) {
  if (std::find(keep.begin(), keep.end(), false) == keep.end()) return data;
  std::vector<std::int32_t> kept;
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (keep[i]) kept.push_back(static_cast<std::int32_t>(i));
  }
  return take_cells(data, kept);
}

Dataset keep_detected_genes(Dataset data, std::int64_t min_cells, Log& log) {
  if (min_cells == 0) return data;
  std::vector<std::int64_t> cells(static_cast<std::size_t>(data.gene_count()), 0);
  for (std::size_t k = 0; k < data.x.values.size(); ++k) cells[data.x.indices[k]] += data.x.values[k] != 0;
  std::vector<bool> keep(cells.size(), true);
  narrow(
      keep, "filter.min_cells", log, [&](std::int64_t gene) { return cells[gene] >= min_cells; }, "genes");
  if (std::find(keep.begin(), keep.end(), false) == keep.end()) return data;
  return take_genes(data, keep);
}

/// Perturbations without a cell go; the control stays first.
void drop_unused(Perturbations& perturbations) {
  std::vector<bool> used(perturbations.names.size(), false);
  if (!used.empty()) used[0] = true;
  for (std::int32_t label : perturbations.of_cell) {
    if (label >= 0) used[label] = true;
  }
  std::vector<std::int32_t> renumbered(used.size(), -1);
  std::int32_t kept = 0;
  for (std::size_t p = 0; p < used.size(); ++p) {
    if (!used[p]) continue;
    renumbered[p] = kept;
    if (static_cast<std::size_t>(kept) != p) {
      perturbations.names[kept] = std::move(perturbations.names[p]);
      perturbations.parts[kept] = std::move(perturbations.parts[p]);
    }
    ++kept;
  }
  perturbations.names.resize(kept);
  perturbations.parts.resize(kept);
  for (std::int32_t& label : perturbations.of_cell) {
    if (label >= 0) label = renumbered[label];
  }
}

}  // namespace

Dataset filter(Dataset data, const FilterOptions& options, Log& log) {
  if (data.cell_count() == 0 || data.gene_count() == 0) {
    throw DataError("{} of {} holds {} cells and {} genes; there is nothing to learn from", data.matrix,
                    data.source, data.cell_count(), data.gene_count());
  }
  std::vector<bool> keep(static_cast<std::size_t>(data.cell_count()), true);
  keep_by_obs(data, options, keep, log);
  keep_by_perturbation(data, options, keep, log);
  keep_by_counts(data, options, keep, log);
  data = keep_cells(std::move(data), keep);
  data = keep_detected_genes(std::move(data), options.min_cells, log);
  keep.assign(static_cast<std::size_t>(data.cell_count()), true);
  keep_large_perturbations(data, options.min_cells_per_perturbation, keep, log);
  data = keep_cells(std::move(data), keep);
  drop_unused(data.perturbations);
  return data;
}

}  // namespace sparcell
