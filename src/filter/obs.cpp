#include <algorithm>
#include <cctype>

#include "filter/cells.h"
#include "filter/report.h"

namespace sparcell {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

const Column& column_of(const Dataset& data, const std::string& name) {
  const Column* column = data.cells.find(name);
  if (column != nullptr) return *column;
  std::vector<std::string> names;
  for (const Column& c : data.cells.columns) names.push_back(c.name);
  throw DataError("filter.obs.{}: {} has no obs column {}; it has {}", name, data.source, name,
                  first_names(names));
}

/// The values of every cell, as a user writes them: `true` for a boolean that anndata shows as True.
std::vector<std::string> texts(const Column& column, std::int64_t cells) {
  std::vector<std::string> out(static_cast<std::size_t>(cells));
  const bool boolean = column.type() == "boolean";
  for (std::int64_t i = 0; i < cells; ++i) out[i] = boolean ? lower(column.text(i)) : column.text(i);
  return out;
}

}  // namespace

void keep_by_obs(const Dataset& data, const FilterOptions& options, std::vector<bool>& keep, Log& log) {
  for (const auto& [name, values] : options.obs) {
    const Column& column = column_of(data, name);
    std::vector<std::string> wanted = values;
    if (column.type() == "boolean") std::transform(wanted.begin(), wanted.end(), wanted.begin(), lower);
    const std::vector<std::string> texts_of_cells = texts(column, data.cell_count());
    for (const std::string& value : wanted) {
      if (std::find(texts_of_cells.begin(), texts_of_cells.end(), value) != texts_of_cells.end()) continue;
      std::vector<std::string> present = texts_of_cells;
      std::sort(present.begin(), present.end());
      present.erase(std::unique(present.begin(), present.end()), present.end());
      throw DataError("filter.obs.{}: no cell has the value {}; the column holds {}", name, value,
                      first_names(present));
    }
    narrow(keep, fmt::format("filter.obs.{}", name), log, [&](std::int64_t cell) {
      return std::find(wanted.begin(), wanted.end(), texts_of_cells[cell]) != wanted.end();
    });
  }
}

}  // namespace sparcell
