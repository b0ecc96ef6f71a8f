#include "report/columns.h"
#include "report/figures.h"

namespace sparcell {

Json gene_columns(const RunFolder& run, Arrays& arrays) {
  const auto path = run.file("per_gene.csv");
  if (!path) return nullptr;
  const CsvColumns csv(*path, {"gene"});
  const std::size_t gene = csv.column("gene");
  Json names = Json::array();
  for (std::size_t row = 0; row < csv.rows(); ++row) names.push_back(csv.text(row, gene));
  Json columns = Json::object();
  for (std::size_t c = 0; c < csv.names().size(); ++c) {
    if (c == gene) continue;
    std::vector<double> values(csv.rows());
    for (std::size_t row = 0; row < values.size(); ++row) values[row] = csv.number(row, c);
    columns[csv.names()[c]] = arrays.numbers(values);
  }
  return {{"names", names}, {"columns", columns}};
}

}  // namespace sparcell
