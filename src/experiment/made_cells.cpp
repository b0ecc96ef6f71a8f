#include "experiment/made_cells.h"

#include <algorithm>

namespace sparcell {
namespace {

/// A column of `rows` times the same category.
Column constant(const std::string& name, std::int64_t rows, std::vector<std::string> categories,
                std::int64_t category) {
  const auto code = static_cast<std::int32_t>(category);
  return {.name = name,
          .values = Categorical{std::vector<std::int32_t>(static_cast<std::size_t>(rows), code),
                                std::move(categories)},
          .missing = {}};
}

/// As many rows of a column as there are cells, all like one of the data's.
Column repeated(const Column& column, std::int64_t row, std::int64_t rows) {
  return take_rows(column,
                   std::vector<std::int32_t>(static_cast<std::size_t>(rows), static_cast<std::int32_t>(row)));
}

/// A label that the column does not have yet.
Column new_label(const Column& column, const std::string& label, std::int64_t rows) {
  if (const auto* labels = std::get_if<Categorical>(&column.values)) {
    std::vector<std::string> categories = labels->categories;
    categories.push_back(label);
    return constant(column.name, rows, categories, std::ssize(categories) - 1);
  }
  return {.name = column.name,
          .values = std::vector<std::string>(static_cast<std::size_t>(rows), label),
          .missing = {}};
}

void write_perturbation(const std::vector<std::string>& parts, const Dataset& data, Table& cells) {
  const Perturbations& known = data.perturbations;
  std::vector<std::string> names = known.names;
  const std::int64_t p = std::find(known.parts.begin(), known.parts.end(), parts) - known.parts.begin();
  if (p == std::ssize(names)) names.push_back(name_of_parts(parts));
  if (const Column* labels = data.cells.find(known.column)) {
    const auto like = std::find(known.of_cell.begin(), known.of_cell.end(), static_cast<std::int32_t>(p));
    cells.set(like == known.of_cell.end() ? new_label(*labels, names[p], cells.rows())
                                          : repeated(*labels, like - known.of_cell.begin(), cells.rows()));
  }
  cells.set(constant("perturbation", cells.rows(), std::move(names), p));
}

/// Writes what is chosen into the columns that say it, as the data's first cell that has it says it; of a
/// perturbation that no cell has its canonical name.
void write_chosen(const ChosenConditions& chosen, const Prepared& prepared, Table& cells) {
  const Dataset& data = prepared.data;
  if (chosen.parts) write_perturbation(*chosen.parts, data, cells);
  for (const auto& [name, value] : chosen.levels) {
    const Column& column = *data.cells.find(name);
    std::int64_t row = 0;
    while (column.text(row) != value) ++row;
    cells.set(repeated(column, row, cells.rows()));
  }
}

/// Whether all cells have what is chosen, as those are that were drawn for it: each keeps its own label.
bool have(const Table& cells, const ChosenConditions& chosen) {
  const auto all_are = [&](const std::string& column, const std::string& value) {
    const Column& own = *cells.find(column);
    for (std::int64_t c = 0; c < cells.rows(); ++c) {
      if (own.text(c) != value) return false;
    }
    return true;
  };
  return (!chosen.parts || all_are("perturbation", name_of_parts(*chosen.parts))) &&
         std::all_of(chosen.levels.begin(), chosen.levels.end(),
                     [&](const auto& level) { return all_are(level.first, level.second); });
}

bool say_the_same(const Column& a, const Column& b) {
  for (std::int64_t row = 0; row < a.size(); ++row) {
    if (a.text(row) != b.text(row)) return false;
  }
  return true;
}

/// Adds a column of ours. The file's own of that name stays beside it where it says other things.
void add_ours(Table& cells, Column ours) {
  const Column* own = cells.find(ours.name);
  if (own != nullptr && !say_the_same(*own, ours)) {
    Column kept = *own;
    kept.name += "_of_file";
    if (cells.find(kept.name) == nullptr) cells.set(std::move(kept));
  }
  cells.set(std::move(ours));
}

/// The columns of the data that say what a model is told of a cell.
std::vector<std::string> columns_told(const ModelOptions& options, const Perturbations& perturbations) {
  std::vector<std::string> columns;
  if (options.by_perturbation() || options.is_told_perturbation())
    columns = {perturbations.column, "perturbation"};
  for (const std::string& name : options.condition) columns.push_back(name);
  return columns;
}

}  // namespace

Table annotated_cells(const Prepared& prepared) {
  Table cells = prepared.data.cells;
  const Perturbations& perturbations = prepared.data.perturbations;
  if (perturbations.known()) {
    add_ours(cells, {.name = "perturbation",
                     .values = Categorical{perturbations.of_cell, perturbations.names},
                     .missing = {}});
  }
  Categorical part{std::vector<std::int32_t>(static_cast<std::size_t>(prepared.data.cell_count()), -1),
                   {"train", "validation", "test"}};
  std::int32_t code = 0;
  for (const auto* cells_of_part :
       {&prepared.split.train, &prepared.split.validation, &prepared.split.test}) {
    for (std::int32_t cell : *cells_of_part) part.codes[cell] = code;
    ++code;
  }
  add_ours(cells, {.name = "split", .values = std::move(part), .missing = {}});
  return cells;
}

Table generated_cells(const TrainedModel& model, const Prepared& prepared, std::int64_t count,
                      const SampleKey& key) {
  Table cells;
  for (std::int64_t i = 0; i < count; ++i) cells.names.push_back(fmt::format("{}_{}", model.name(), i));
  const std::vector<std::int32_t> like = model.drawn_cells(0, count, key);
  if (!like.empty()) {
    const Table annotated = annotated_cells(prepared);
    for (const std::string& name : columns_told(model.options(), prepared.data.perturbations)) {
      if (const Column* column = annotated.find(name)) cells.set(take_rows(*column, like));
    }
  }
  if (!have(cells, key.chosen)) write_chosen(key.chosen, prepared, cells);
  cells.set(constant("source", count, {model.name()}, 0));
  return cells;
}

Table predicted_cells(const TrainedModel& model, const Prepared& prepared,
                      std::span<const std::int32_t> controls, const ChosenConditions& chosen,
                      const std::vector<std::string>& also_under) {
  const Table before =
      take_rows(annotated_cells(prepared), std::vector<std::int32_t>(controls.begin(), controls.end()));
  const std::string label = name_of_parts(*chosen.parts);
  std::vector<std::string> kept = columns_told(model.options(), prepared.data.perturbations);
  kept.insert(kept.end(), also_under.begin(), also_under.end());
  kept.insert(kept.end(), {prepared.data.perturbations.column, "perturbation", "split"});
  Table cells, of_controls;
  for (const std::string& name : before.names)
    cells.names.push_back(fmt::format("{}_{}_{}", model.name(), label, name));
  for (Column column : before.columns) {
    const bool keeps = std::find(kept.begin(), kept.end(), column.name) != kept.end();
    if (!keeps) column.name = "control_" + column.name;
    (keeps ? cells : of_controls).set(std::move(column));
  }
  write_chosen(chosen, prepared, cells);
  cells.set(constant("source", cells.rows(), {model.name()}, 0));
  cells.set(constant("predicted_perturbation", cells.rows(), {label}, 0));
  cells.set({.name = "control", .values = before.names, .missing = {}});
  for (Column& column : of_controls.columns) {
    if (cells.find(column.name) == nullptr) cells.set(std::move(column));
  }
  return cells;
}

void add_counts(const MadeCounts& counts, AnnDataContent& content) {
  if (counts.counts.rows == 0) return;
  content.layers.emplace_back("counts", &counts.counts);
  content.obs.set({.name = "library_size", .values = counts.library, .missing = {}});
  content.obs.set({.name = "size_factor", .values = counts.size_factor, .missing = {}});
}

MemoryError no_room_for_cells(const char* command, std::int64_t cells, std::int64_t genes,
                              const char* advice) {
  constexpr double gibibyte = 1 << 30;
  return MemoryError("{}: out of memory; {} cells of {} genes are {:.3g} GiB: {}", command, cells, genes,
                     static_cast<double>(cells) * static_cast<double>(genes) * sizeof(float) / gibibyte,
                     advice);
}

}  // namespace sparcell
