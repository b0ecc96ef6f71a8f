#include "core/columns.h"

#include <fmt/ranges.h>

#include "core/nearest.h"
#include "sparcell/core/errors.h"

namespace sparcell {

std::vector<std::string> column_names(const Table& table) {
  std::vector<std::string> names;
  for (const Column& column : table.columns) names.push_back(column.name);
  return names;
}

std::string columns_instead_of(const std::string& wanted, const Table& table) {
  const std::vector<std::string> names = column_names(table);
  if (names.empty()) return "none";
  return fmt::format("{}{}", fmt::join(names, ", "), did_you_mean(wanted, names));
}

void need_labels(const Dataset& data, const std::string& who) {
  if (data.perturbations.known()) return;
  throw DataError("{}: {} has no perturbation labels; name their column with read.perturbation.column", who,
                  data.source);
}

}  // namespace sparcell
