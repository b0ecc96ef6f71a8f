#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <set>

#include "core/columns.h"
#include "core/nearest.h"
#include "filter/cells.h"
#include "filter/report.h"

namespace sparcell {
namespace {

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

const Column& column_of(const Dataset& data, const std::string& name, const std::string& who) {
  const Column* column = data.cells.find(name);
  if (column != nullptr) return *column;
  throw DataError("{}: {} has no obs column {}; it has {}", who, data.source, name,
                  columns_instead_of(name, data.cells));
}

/// The values of every cell, as a user writes them: `true` for a boolean that anndata shows as True.
std::vector<std::string> texts(const Column& column, std::int64_t cells) {
  std::vector<std::string> out(static_cast<std::size_t>(cells));
  const bool boolean = column.type() == "boolean";
  for (std::int64_t i = 0; i < cells; ++i) out[i] = boolean ? lower(column.text(i)) : column.text(i);
  return out;
}

/// The texts that a value may have in the column: where that may hold numbers, 1.0 is 1, and 0.1 is the
/// float32 next to it too, which files hold.
std::vector<std::string> spellings(const std::string& value, const std::string& type) {
  if (type == "boolean") return {lower(value)};
  double number = 0;
  const char* const end = value.data() + value.size();
  const auto [stopped, error] = std::from_chars(value.data(), end, number);
  if (type == "string" || value.empty() || error != std::errc() || stopped != end) return {value};
  std::vector<std::string> texts{value, fmt::format("{}", number)};
  if (number != std::trunc(number))
    texts.push_back(fmt::format("{}", static_cast<double>(static_cast<float>(number))));
  return texts;
}

}  // namespace

std::vector<bool> cells_with(const Dataset& data, const std::string& name,
                             const std::vector<std::string>& values, const std::string& who) {
  const Column& column = column_of(data, name, who);
  const std::vector<std::string> texts_of_cells = texts(column, data.cell_count());
  const std::set<std::string> present(texts_of_cells.begin(), texts_of_cells.end());
  std::set<std::string> wanted;
  for (const std::string& value : values) {
    const std::vector<std::string> texts_of_value = spellings(value, column.type());
    wanted.insert(texts_of_value.begin(), texts_of_value.end());
    if (std::any_of(texts_of_value.begin(), texts_of_value.end(),
                    [&](const std::string& text) { return present.contains(text); }))
      continue;
    std::vector<std::string> known(present.begin(), present.end());
    if (!known.empty() && known.front().empty()) known.front() = "'' (no value)";  // the first, being sorted
    throw DataError("{}: no cell has the value {}; the column holds {}{}", who, value, first_names(known),
                    did_you_mean(value, known));
  }
  std::vector<bool> with(texts_of_cells.size());
  for (std::size_t cell = 0; cell < with.size(); ++cell) with[cell] = wanted.contains(texts_of_cells[cell]);
  return with;
}

void keep_by_obs(const Dataset& data, const FilterOptions& options, std::vector<bool>& keep, Log& log) {
  for (const auto& [name, values] : options.obs) {
    const std::string who = fmt::format("filter.obs.{}", name);
    const std::vector<bool> with = cells_with(data, name, values, who);
    narrow(keep, who, log, [&](std::int64_t cell) { return with[cell]; });
  }
}

}  // namespace sparcell
