#include "experiment/chosen_conditions.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/nearest.h"
#include "experiment/condition_table.h"

namespace sparcell {
namespace {

std::string without_blanks_around(const std::string& text) {
  const std::size_t first = text.find_first_not_of(' ');
  return first == std::string::npos ? "" : text.substr(first, text.find_last_not_of(' ') + 1 - first);
}

}  // namespace

std::vector<std::string> parts_of_label(const std::string& label) {
  std::vector<std::string> parts;
  for (std::size_t first = 0; first <= label.size();) {
    const std::size_t last = std::min(label.find('+', first), label.size());
    const std::string part = without_blanks_around(label.substr(first, last - first));
    if (part.empty())
      throw UsageError("--perturbation '{}': a name is missing; expected A, A+B or control", label);
    if (std::find(parts.begin(), parts.end(), part) != parts.end())
      throw UsageError("--perturbation '{}': {} is named twice", label, part);
    if (part != "ctrl" && part != "control") parts.push_back(part);
    first = last + 1;
  }
  std::sort(parts.begin(), parts.end());
  return parts;
}

std::vector<std::string> parts_of_label(const std::string& label, const Dataset& data) {
  const Perturbations& perturbations = data.perturbations;
  const Column* labels = data.cells.find(perturbations.column);
  for (std::int64_t cell = 0; labels != nullptr && cell < data.cell_count(); ++cell) {
    const std::int32_t of_cell = perturbations.of_cell[cell];
    if (of_cell >= 0 && !label.empty() && labels->text(cell) == label) return perturbations.parts[of_cell];
  }
  return parts_of_label(label);
}

std::string name_of_parts(const std::vector<std::string>& parts) {
  return parts.empty() ? "control" : fmt::format("{}", fmt::join(parts, "+"));
}

std::vector<ConditionTable::Exchange> ConditionTable::exchanges(const ChosenConditions& chosen,
                                                                const std::string& who) const {
  std::vector<Exchange> all;
  if (chosen.parts && embedding_) {
    const auto columns = static_cast<std::int32_t>(columns_.size());
    all.push_back(
        {0, static_cast<std::int32_t>(embedding_->columns.size()), embedding_->of(*chosen.parts, who)});
    all.push_back({columns, static_cast<std::int32_t>(of_cells_.cols), together(*chosen.parts)});
  } else if (chosen.parts && group_of_parts_.empty()) {
    throw UsageError("{}: the model is told no perturbation, so none can be chosen", who);
  }
  for (const auto& [name, value] : chosen.levels) {
    const auto covariate = std::find_if(covariates_.begin(), covariates_.end(),
                                        [&, &wanted = name](const Covariate& c) { return c.name == wanted; });
    if (covariate == covariates_.end()) {
      if (name == perturbation_word && embedding_)
        throw UsageError("{}: perturbations are chosen with --perturbation, not --condition", who);
      std::vector<std::string> names;
      for (const Covariate& c : covariates_) names.push_back(c.name);
      throw UsageError("{}: the model is told no obs column {}; it is told {}{}", who, name,
                       names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", ")),
                       did_you_mean(name, names));
    }
    const auto first = columns_.begin() + covariate->first_column,
               end = columns_.begin() + covariate->end_column;
    const auto level = std::find(first, end, name + "=" + value);
    if (level == end) {
      std::vector<std::string> values;
      for (auto known = first; known != end; ++known) values.push_back(known->substr(name.size() + 1));
      throw DataError("{}: no training cell has '{}' in {}; there are {}{}", who, value, name,
                      fmt::join(first, end, ", "), did_you_mean(value, values));
    }
    all.push_back({covariate->first_column,
                   covariate->end_column,
                   {{static_cast<std::int32_t>(level - columns_.begin()), 1.0f}}});
  }
  return all;
}

std::optional<std::int32_t> ConditionTable::group_of(const std::vector<std::string>& parts) const {
  const auto found = group_of_parts_.find(parts);
  return found == group_of_parts_.end() ? std::nullopt : std::optional(found->second);
}

Csr<float> ConditionTable::told(std::span<const std::int32_t> cells, const ChosenConditions& chosen,
                                const std::string& who) const {
  const std::vector<Exchange> exchanged = exchanges(chosen, who);
  Csr<float> rows;
  rows.cols = of_cells_.cols;
  for (const std::int32_t cell : cells) {
    SparseVector row;
    for (std::int64_t k = of_cells_.offsets[cell]; k < of_cells_.offsets[cell + 1]; ++k) {
      const std::int32_t column = of_cells_.indices[k];
      const bool kept = std::none_of(exchanged.begin(), exchanged.end(), [&](const Exchange& e) {
        return e.first_column <= column && column < e.end_column;
      });
      if (kept) row.emplace_back(column, of_cells_.values[k]);
    }
    for (const Exchange& e : exchanged) row.insert(row.end(), e.entries.begin(), e.entries.end());
    std::sort(row.begin(), row.end());
    append_entries(rows, row);
    rows.offsets.push_back(std::ssize(rows.values));
    ++rows.rows;
  }
  return rows;
}

}  // namespace sparcell
