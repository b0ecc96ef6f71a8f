#include "core/csv.h"
#include "core/whole_file.h"
#include "sparcell/select.h"

namespace sparcell {

void write_genes(const std::string& path, const Dataset& data, const Selection& selection) {
  std::string text = "gene,column,rank,score\n";
  for (std::size_t i = 0; i < selection.genes.size(); ++i) {
    text += fmt::format("{},{},{},{}\n", csv_field(data.genes.names[selection.genes[i]]), selection.genes[i],
                        selection.rank[i], selection.score[i]);
  }
  write_file(path, text);
}

}  // namespace sparcell
