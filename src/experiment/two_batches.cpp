#include "experiment/two_batches.h"

#include <algorithm>
#include <set>

#include "experiment/condition_table.h"

namespace sparcell {
namespace {

/// So many of the cells, evenly spaced: files are often sorted by what cells have in common.
void keep_evenly(std::vector<std::int32_t>& cells, std::size_t most) {
  if (cells.size() <= most) return;
  for (std::size_t i = 0; i < most; ++i) cells[i] = cells[i * cells.size() / most];
  cells.resize(most);
}

/// What models may be told of a cell: its perturbation, the genes of that, and its levels of their other
/// conditions.
std::set<std::string> told_of(const Dataset& data, const ModelSet& models, std::int32_t cell) {
  std::set<std::string> told;
  const std::int32_t perturbation = data.perturbations.known() ? data.perturbations.of_cell[cell] : -1;
  if (perturbation >= 0) {
    told.insert("perturbation=" + data.perturbations.names[perturbation]);
    for (const std::string& gene : data.perturbations.parts[perturbation]) told.insert("gene=" + gene);
  }
  for (const auto& [name, options] : models) {
    for (const std::string& condition : options.condition) {
      const Column* column = data.cells.find(condition);
      if (column != nullptr) told.insert("obs." + condition + "=" + column->text(cell));
    }
  }
  return told;
}

std::set<std::string> told_of(const Dataset& data, const ModelSet& models,
                              const std::vector<std::int32_t>& cells) {
  std::set<std::string> told;
  for (const std::int32_t cell : cells) told.merge(told_of(data, models, cell));
  return told;
}

}  // namespace

void keep_two_batches(const Experiment& experiment, const Dataset& data, Split& split) {
  const ModelSet& models = experiment.model;
  std::int64_t batch = 0;
  bool is_told = false;
  for (const auto& [name, options] : models) {
    batch = std::max(batch, options.train.batch);
    is_told = is_told || needs_table(options);
  }
  const auto most = static_cast<std::size_t>(2 * batch);
  std::set<std::string> lost;
  if (is_told) lost = told_of(data, models, split.train);
  keep_evenly(split.train, most);
  if (is_told) {
    for (const std::string& kept : told_of(data, models, split.train)) lost.erase(kept);
  }
  for (std::vector<std::int32_t>* part : {&split.validation, &split.test}) {
    std::erase_if(*part, [&](std::int32_t cell) {
      const std::set<std::string> told = lost.empty() ? std::set<std::string>() : told_of(data, models, cell);
      return std::any_of(told.begin(), told.end(),
                         [&](const std::string& one) { return lost.contains(one); });
    });
    keep_evenly(*part, most);
  }
}

}  // namespace sparcell
