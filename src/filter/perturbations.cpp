#include <algorithm>

#include "core/columns.h"
#include "core/guides.h"
#include "core/nearest.h"
#include "filter/cells.h"
#include "filter/report.h"

namespace sparcell {
namespace {

/// The parts of a label as a user may write it (KLF1+CEBPA, KLF1+ctrl, KLF1+KLF1): sorted, each once, without
/// control parts.
std::vector<std::string> parts_of(const std::string& label) {
  std::vector<std::string> parts;
  std::size_t first = 0;
  while (first <= label.size()) {
    const std::size_t last = std::min(label.find('+', first), label.size());
    const std::string part = label.substr(first, last - first);
    if (!part.empty() && part != "ctrl" && part != "control") parts.push_back(part);
    first = last + 1;
  }
  std::sort(parts.begin(), parts.end());
  parts.erase(std::unique(parts.begin(), parts.end()), parts.end());
  return parts;
}

std::int32_t find_label(const Perturbations& known, const std::string& label) {
  const auto exact = std::find(known.names.begin(), known.names.end(), label);
  if (exact != known.names.end()) return static_cast<std::int32_t>(exact - known.names.begin());
  const std::vector<std::string> wanted = parts_of(label);
  for (std::size_t p = 0; p < known.parts.size(); ++p) {
    std::vector<std::string> parts = known.parts[p];
    std::sort(parts.begin(), parts.end());
    if (parts == wanted) return static_cast<std::int32_t>(p);
  }
  return -1;
}

std::vector<bool> listed(const Dataset& data, const std::vector<std::string>& labels) {
  const Perturbations& known = data.perturbations;
  std::vector<bool> wanted(known.names.size(), false);
  wanted[0] = true;
  std::vector<std::string> unknown;
  for (const std::string& label : labels) {
    const std::int32_t found = find_label(known, label);
    const bool has_cells =
        std::find(known.of_cell.begin(), known.of_cell.end(), found) != known.of_cell.end();
    if (found < 0 || !has_cells) {
      unknown.push_back(label);
    } else {
      wanted[found] = true;
    }
  }
  if (!unknown.empty()) {
    throw DataError("filter.perturbations: no cell of {} has the label {}; there are {}{}", data.source,
                    first_names(unknown), first_names(known.names), did_you_mean(unknown[0], known.names));
  }
  return wanted;
}

}  // namespace

void keep_by_perturbation(const Dataset& data, const FilterOptions& options, std::vector<bool>& keep,
                          Log& log) {
  if (options.perturbations == std::vector<std::string>{"all"}) return;
  need_labels(data, "filter.perturbations");
  const Perturbations& known = data.perturbations;
  std::vector<bool> wanted(known.names.size());
  if (options.perturbations == std::vector<std::string>{"single"}) {
    const std::vector<std::vector<std::string>> genes = genes_of_perturbations(data);
    for (std::size_t p = 0; p < wanted.size(); ++p) wanted[p] = genes[p].size() <= 1;
  } else {
    wanted = listed(data, options.perturbations);
  }
  narrow(keep, "filter.perturbations", log,
         [&](std::int64_t cell) { return known.of_cell[cell] >= 0 && wanted[known.of_cell[cell]]; });
}

void keep_large_perturbations(const Dataset& data, std::int64_t min_cells, std::vector<bool>& keep,
                              Log& log) {
  if (min_cells == 0) return;
  need_labels(data, "filter.min_cells_per_perturbation");
  const std::vector<std::int32_t>& label = data.perturbations.of_cell;
  std::vector<std::int64_t> cells(data.perturbations.names.size(), 0);
  for (std::size_t i = 0; i < keep.size(); ++i) {
    if (keep[i] && label[i] >= 0) ++cells[label[i]];
  }
  narrow(keep, "filter.min_cells_per_perturbation", log,
         [&](std::int64_t cell) { return label[cell] <= 0 || cells[label[cell]] >= min_cells; });
}

}  // namespace sparcell
