#include <algorithm>
#include <cctype>

#include "filter/cells.h"
#include "filter/report.h"

namespace sparcell {
namespace {

bool mitochondrial(const std::string& gene) {
  return gene.size() > 3 && std::toupper(static_cast<unsigned char>(gene[0])) == 'M' &&
         std::toupper(static_cast<unsigned char>(gene[1])) == 'T' && gene[2] == '-';
}

/// By the genes' names, or, where those are identifiers, by the first text column that has such symbols.
std::vector<bool> mitochondrial_genes(const Table& genes) {
  std::vector<bool> out(genes.names.size());
  std::transform(genes.names.begin(), genes.names.end(), out.begin(), mitochondrial);
  for (const Column& column : genes.columns) {
    if (std::find(out.begin(), out.end(), true) != out.end()) break;
    if (column.type() != "string" && column.type() != "categorical") continue;
    for (std::size_t g = 0; g < out.size(); ++g)
      out[g] = mitochondrial(column.text(static_cast<std::int64_t>(g)));
  }
  return out;
}

/// What one cell holds.
struct CellSummary {
  std::int64_t genes = 0;
  double counts = 0;
  double mitochondrial = 0;
};

std::vector<CellSummary> summarize(const Csr<float>& x, const std::vector<bool>& is_mitochondrial) {
  std::vector<CellSummary> cells(static_cast<std::size_t>(x.rows));
  for (std::int64_t r = 0; r < x.rows; ++r) {
    for (std::int64_t k = x.offsets[r]; k < x.offsets[r + 1]; ++k) {
      cells[r].genes += x.values[k] != 0;
      cells[r].counts += x.values[k];
      if (is_mitochondrial[x.indices[k]]) cells[r].mitochondrial += x.values[k];
    }
  }
  return cells;
}

}  // namespace

void keep_by_counts(const Dataset& data, const FilterOptions& o, std::vector<bool>& keep, Log& log) {
  const bool by_share = o.max_mitochondrial < 1;
  if (o.min_genes == 0 && o.max_genes == 0 && o.min_counts == 0 && o.max_counts == 0 && !by_share) return;
  if (!data.counts && (o.min_counts > 0 || o.max_counts > 0 || by_share)) {
    log.warn(
        "filter.min_counts, max_counts and max_mitochondrial are for counts, but {} of {} holds none: they "
        "see sums of its values (read.counts names another matrix)",
        data.matrix, data.source);
  }
  const std::vector<bool> is_mitochondrial = mitochondrial_genes(data.genes);
  const std::vector<CellSummary> cells = summarize(data.x, is_mitochondrial);
  if (o.min_genes > 0) {
    narrow(keep, "filter.min_genes", log, [&](std::int64_t c) { return cells[c].genes >= o.min_genes; });
  }
  if (o.max_genes > 0) {
    narrow(keep, "filter.max_genes", log, [&](std::int64_t c) { return cells[c].genes <= o.max_genes; });
  }
  if (o.min_counts > 0) {
    narrow(keep, "filter.min_counts", log, [&](std::int64_t c) { return cells[c].counts >= o.min_counts; });
  }
  if (o.max_counts > 0) {
    narrow(keep, "filter.max_counts", log, [&](std::int64_t c) { return cells[c].counts <= o.max_counts; });
  }
  if (by_share) {
    if (std::find(is_mitochondrial.begin(), is_mitochondrial.end(), true) == is_mitochondrial.end()) {
      log.warn("filter.max_mitochondrial removes nothing: no gene of {} starts with MT-", data.source);
    }
    narrow(keep, "filter.max_mitochondrial", log,
           [&](std::int64_t c) { return cells[c].mitochondrial <= o.max_mitochondrial * cells[c].counts; });
  }
}

}  // namespace sparcell
