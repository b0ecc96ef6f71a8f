#include <cmath>

#include "core/csv.h"
#include "core/whole_file.h"
#include "sparcell/evaluate.h"

namespace sparcell {

void write_per_gene(const std::string& path, const Dataset& data, const Evaluation& evaluation) {
  std::string text = "gene";
  for (const GeneColumn& column : evaluation.per_gene) text.append(",").append(csv_field(column.name));
  text.append("\n");
  for (std::int64_t g = 0; g < data.gene_count(); ++g) {
    text.append(csv_field(data.genes.names[g]));
    for (const GeneColumn& column : evaluation.per_gene) {
      text.append(std::isnan(column.values[g]) ? std::string(",") : fmt::format(",{:.9g}", column.values[g]));
    }
    text.append("\n");
  }
  write_file(path, text);
}

}  // namespace sparcell
