// Small data sets for tests of the stations.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/dataset.h"
#include "sparcell/core/log.h"
#include "support/sparse.h"

namespace sparcell::test {

/// Counts with cells c0, c1 ... and genes g0, g1 ...; every cell is the control.
inline Dataset dataset(const std::vector<std::vector<double>>& rows) {
  Dataset data;
  data.x = csr_of<float>(rows);
  for (std::int64_t r = 0; r < data.x.rows; ++r) data.cells.names.push_back(fmt::format("c{}", r));
  for (std::int64_t g = 0; g < data.x.cols; ++g) data.genes.names.push_back(fmt::format("g{}", g));
  data.perturbations.names = {"control"};
  data.perturbations.parts = {{}};
  data.perturbations.of_cell.assign(static_cast<std::size_t>(data.x.rows), 0);
  data.counts = true;
  data.source = "file.h5ad";
  data.matrix = "X";
  return data;
}

/// Labels cells: `labels` are names whose parts stand between `+`; "control" has none, "" is no label.
inline void label(Dataset& data, const std::vector<std::string>& labels) {
  Perturbations& p = data.perturbations;
  p.names = {"control"};
  p.parts = {{}};
  p.of_cell.clear();
  for (const std::string& name : labels) {
    std::size_t index = 0;
    while (index < p.names.size() && p.names[index] != name) ++index;
    if (index == p.names.size() && !name.empty()) {
      p.names.push_back(name);
      const std::size_t plus = name.find('+');
      p.parts.push_back({name.substr(0, plus)});
      if (plus != std::string::npos) p.parts.back().push_back(name.substr(plus + 1));
    }
    p.of_cell.push_back(name.empty() ? -1 : static_cast<std::int32_t>(index));
  }
}

/// `cells` control cells with one gene, for tests that look at labels alone.
inline Dataset plain_cells(std::int64_t cells) {
  return dataset(std::vector<std::vector<double>>(static_cast<std::size_t>(cells), {1}));
}

/// A log that keeps its lines.
struct Lines {
  std::vector<std::string> info, warnings;
  Log log{[this](Log::Level level, const std::string& line) {
    (level == Log::Level::warning ? warnings : info).push_back(line);
  }};
};

}  // namespace sparcell::test
