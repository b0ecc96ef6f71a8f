#include "experiment/other_cells.h"

#include <algorithm>
#include <numeric>
#include <set>

#include "core/columns.h"
#include "read/labels.h"

namespace sparcell {
namespace {

/// Adds the perturbations of `found` to the known ones, and returns the number of each. Counts the new ones.
std::vector<std::int32_t> numbers_of(const Perturbations& found, Perturbations& known, std::size_t& added) {
  std::vector<std::int32_t> numbers;
  for (std::size_t p = 0; p < found.names.size(); ++p) {
    const auto place = std::find(known.names.begin(), known.names.end(), found.names[p]);
    numbers.push_back(static_cast<std::int32_t>(place - known.names.begin()));
    if (place != known.names.end()) continue;
    known.names.push_back(found.names[p]);
    known.parts.push_back(found.parts[p]);
    ++added;
  }
  return numbers;
}

/// As the run reads its own labels: by the convention that its options name or its own cells show.
void add_perturbations(const FinishedRun& run, const Dataset& other, const std::string& command,
                       Dataset& data, Log& log) {
  Perturbations& known = data.perturbations;
  if (!known.known()) return;
  if (other.cells.find(known.column) == nullptr) {
    log.warn("{}: {} has no obs column {}, which holds the run's perturbations: its cells have none", command,
             other.source, known.column);
    known.of_cell.insert(known.of_cell.end(), static_cast<std::size_t>(other.cell_count()), -1);
    return;
  }
  PerturbationOptions options = run.experiment().read.perturbation;
  options.column = known.column;
  LabelConvention convention = *find_convention(data.cells, options, data.source);
  convention.named = false;  // a file without controls can be judged
  const FoundPerturbations found = label_cells(other.cells, convention, other.source);
  std::size_t added = 0;
  const std::vector<std::int32_t> numbers = numbers_of(found.perturbations, known, added);
  for (const std::int32_t p : found.perturbations.of_cell) known.of_cell.push_back(p < 0 ? -1 : numbers[p]);
  log.info("{}: obs column {} of {}: {} perturbations ({} that the run does not have), {} control cells",
           command, known.column, other.source, found.perturbations.names.size() - 1, added, found.controls);
  if (found.unlabelled > 0)
    log.warn("{}: {} cells of {} have no label in {}", command, found.unlabelled, other.source, known.column);
}

std::set<std::string> covariates_of(const ModelSet& models) {
  std::set<std::string> names;
  for (const auto& [name, options] : models) names.insert(options.condition.begin(), options.condition.end());
  names.erase("perturbation");
  return names;
}

/// The columns of the run's cells, and behind them of the others, as text.
std::vector<Column> joined(const std::set<std::string>& names, const Table& own, const Dataset& other) {
  std::vector<Column> columns;
  for (const std::string& name : names) {
    const Column* const of_other = other.cells.find(name);
    if (of_other == nullptr) {
      throw DataError("{} has no obs column {}, which the model is told; it has {}", other.source, name,
                      columns_instead_of(name, other.cells));
    }
    std::vector<std::string> values;
    const auto add = [&](const Column& column) {
      for (std::int64_t row = 0; row < column.size(); ++row) values.push_back(column.text(row));
    };
    add(*own.find(name));
    add(*of_other);
    columns.push_back({.name = name, .values = std::move(values), .missing = {}});
  }
  return columns;
}

}  // namespace

ReadOptions options_for(const FinishedRun& run, const std::string& path) {
  ReadOptions options = run.experiment().read;
  options.path = path;
  options.annotations.clear();
  options.perturbation = {.preset = LabelPreset::none, .column = {}, .separator = {}, .controls = {}};
  return options;
}

void replace_test_cells(const FinishedRun& run, const Dataset& other, const ModelSet& models,
                        const std::string& command, Prepared& prepared, Log& log) {
  add_perturbations(run, other, command, prepared.data, log);
  prepared.data.cells.columns = joined(covariates_of(models), prepared.data.cells, other);
  const std::int64_t first = prepared.data.cell_count();
  Csr<float>& x = prepared.data.x;
  x.indices.insert(x.indices.end(), other.x.indices.begin(), other.x.indices.end());
  x.values.insert(x.values.end(), other.x.values.begin(), other.x.values.end());
  RawCounts& raw = prepared.data.raw;
  raw.values.insert(raw.values.end(), other.raw.values.begin(), other.raw.values.end());
  raw.library.insert(raw.library.end(), other.raw.library.begin(), other.raw.library.end());
  const std::int64_t shift = x.offsets.back();
  for (std::size_t r = 1; r < other.x.offsets.size(); ++r) x.offsets.push_back(shift + other.x.offsets[r]);
  x.rows += other.x.rows;
  std::vector<std::string>& names = prepared.data.cells.names;
  names.insert(names.end(), other.cells.names.begin(), other.cells.names.end());
  prepared.split.test.resize(static_cast<std::size_t>(other.cell_count()));
  std::iota(prepared.split.test.begin(), prepared.split.test.end(), static_cast<std::int32_t>(first));
}

}  // namespace sparcell
