#include "evaluate/per_perturbation.h"

#include <cmath>

#include "core/csv.h"
#include "core/whole_file.h"

namespace sparcell {

PerturbationTable perturbation_table(const Dataset& data, std::span<const std::int32_t> test) {
  PerturbationTable table;
  if (!data.perturbations.known()) return table;
  std::vector<std::int64_t> cells(data.perturbations.names.size());
  for (std::int32_t cell : test) {
    if (data.perturbations.of_cell[cell] >= 0) ++cells[data.perturbations.of_cell[cell]];
  }
  for (std::size_t p = 0; p < cells.size(); ++p) {
    if (cells[p] == 0) continue;
    table.perturbations.push_back(static_cast<std::int32_t>(p));
    table.names.push_back(data.perturbations.names[p]);
    table.cells.push_back(cells[p]);
  }
  return table;
}

void add_column(PerturbationTable& table, const Dataset& data, const std::string& name,
                std::span<const std::int32_t> cells, std::span<const double> values) {
  if (table.names.empty() || values.empty()) return;
  std::vector<double> sums(data.perturbations.names.size()), counts(sums.size());
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const std::int32_t p = data.perturbations.of_cell[cells[i]];
    if (p < 0) continue;
    sums[p] += values[i];
    ++counts[p];
  }
  std::vector<double> means;
  for (std::int32_t p : table.perturbations)
    means.push_back(counts[p] > 0 ? sums[p] / counts[p] : std::nan(""));
  table.columns.push_back({name, std::move(means)});
}

void write_per_perturbation(const std::string& path, const Evaluation& evaluation) {
  const PerturbationTable& table = evaluation.per_perturbation;
  std::string text = "perturbation,cells";
  for (const GeneColumn& column : table.columns) text.append(",").append(csv_field(column.name));
  text.append("\n");
  for (std::size_t row = 0; row < table.names.size(); ++row) {
    text.append(csv_field(table.names[row])).append(fmt::format(",{}", table.cells[row]));
    for (const GeneColumn& column : table.columns) {
      text.append(std::isnan(column.values[row]) ? std::string(",")
                                                 : fmt::format(",{:.9g}", column.values[row]));
    }
    text.append("\n");
  }
  write_file(path, text);
}

}  // namespace sparcell
