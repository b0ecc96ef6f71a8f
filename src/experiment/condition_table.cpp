#include "experiment/condition_table.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/columns.h"
#include "core/guides.h"

namespace sparcell {
namespace {

/// Which perturbations have cells among the given ones.
std::vector<bool> present(const Dataset& data, std::span<const std::int32_t> cells) {
  std::vector<bool> found(data.perturbations.names.size(), false);
  for (const std::int32_t cell : cells) {
    if (data.perturbations.of_cell[cell] >= 0) found[data.perturbations.of_cell[cell]] = true;
  }
  return found;
}

std::vector<std::int32_t> cells_of_split(const Split& split) {
  std::vector<std::int32_t> cells = split.train;
  cells.insert(cells.end(), split.validation.begin(), split.validation.end());
  cells.insert(cells.end(), split.test.begin(), split.test.end());
  return cells;
}

/// `who` is the option that needs the labels.
void check_labels(const Prepared& prepared, const std::string& who) {
  const Dataset& data = prepared.data;
  need_labels(data, who);
  for (const std::int32_t cell : cells_of_split(prepared.split)) {
    if (data.perturbations.of_cell[cell] >= 0) continue;
    throw DataError("{}: cell {} has no perturbation label, and is neither perturbed nor a control", who,
                    data.cells.names[cell]);
  }
}

/// Whether a model can be told the perturbations of these cells, whatever a gene is to it.
void check_perturbations(const std::string& model, const ModelOptions& options, const Prepared& prepared,
                         Leaks leaks = Leaks::refused) {
  check_labels(prepared, fmt::format("model.{}.condition", model));
  const std::vector<bool> trained = present(prepared.data, prepared.split.train);
  if (std::count(trained.begin(), trained.end(), true) < 2) {
    throw DataError(
        "model.{}.condition: all training cells have the same perturbation: there is nothing to learn "
        "from it",
        model);
  }
  if (options.conditioning.control_input > 0 && !trained[0])
    throw DataError("model.{}.conditioning.control_input: no training cell is a control", model);
  if (leaks == Leaks::refused) check_leaks(prepared.data, prepared.split);
}

/// The vectors of the perturbations that cells of the split have.
std::vector<SparseVector> vectors_of(const GeneEmbedding& embedding, const std::string& model,
                                     const Prepared& prepared) {
  const Perturbations& perturbations = prepared.data.perturbations;
  const std::vector<bool> used = present(prepared.data, cells_of_split(prepared.split));
  std::vector<SparseVector> vectors(used.size());
  for (std::size_t p = 1; p < used.size(); ++p) {
    if (!used[p]) continue;
    vectors[p] = embedding.of(perturbations.parts[p],
                              fmt::format("model.{}: perturbation {}", model, perturbations.names[p]));
  }
  return vectors;
}

bool holds(const std::vector<std::string>& larger, const std::vector<std::string>& smaller) {
  return std::all_of(smaller.begin(), smaller.end(), [&](const std::string& part) {
    return std::find(larger.begin(), larger.end(), part) != larger.end();
  });
}

}  // namespace

void check_leaks(const Dataset& data, const Split& split) {
  const std::vector<std::string>& names = data.perturbations.names;
  const std::vector<std::vector<std::string>> genes = genes_of_perturbations(data);
  const std::vector<bool> trained = present(data, split.train), chosen_by = present(data, split.validation),
                          tested = present(data, split.test);
  for (std::size_t p = 1; p < trained.size(); ++p) {
    if (trained[p] || !(tested[p] || chosen_by[p])) continue;
    if (tested[p] && chosen_by[p]) {
      throw DataError(
          "split: {} has no training cells, but validation cells beside its test cells: what is chosen by "
          "them has seen it; hold whole perturbations out with split.by: perturbation",
          names[p]);
    }
    for (std::size_t q = 1; q < trained.size(); ++q) {
      const bool seen = trained[q] || (tested[p] && chosen_by[q]);
      if (q == p || !seen || !holds(genes[q], genes[p])) continue;
      const char* const part = trained[q] ? "training" : "validation";
      if (genes[q].size() == genes[p].size()) {
        throw DataError(
            "split: {} is held out, but {}, by other guides of the same genes, is among the {} cells; "
            "split.by: perturbation holds all guides of a gene out together",
            names[p], names[q], part);
      }
      throw DataError(
          "split: {} is held out, but {}, which perturbs it too, is among the {} cells; hold out with "
          "split.hold_out: genes, or leave such perturbations out with filter.perturbations",
          names[p], names[q], part);
    }
  }
}

ConditionTable::ConditionTable(std::int64_t cells, std::int64_t width, std::int64_t groups,
                               std::int64_t gene_width) {
  if (gene_width > 0) {
    part_genes_.cols = gene_width;
    part_genes_.offsets.push_back(0);
    width += ++part_genes_.rows;
  }
  groups_.count = groups;
  if (groups > 1) groups_.of_cell.assign(static_cast<std::size_t>(cells), 0);
  of_cells_.rows = cells;
  of_cells_.cols = width;
  of_cells_.offsets.assign(static_cast<std::size_t>(cells) + 1, 0);
}

ConditionTable::ConditionTable(Context& context, const std::string& model, const ModelOptions& options,
                               const Prepared& prepared, Log& log, Leaks leaks)
    : trained_(prepared.split.train) {
  if (options.is_told_perturbation()) add_perturbations(context, model, options, prepared, log, leaks);
  for (const std::string& name : options.condition) {
    if (name != perturbation_word) add_covariate(model, name, prepared, log);
  }
  if (options.by_perturbation()) add_groups(model, prepared);
  if (options.conditioning.combine == GeneCombination::learned) add_part_genes();
  const Perturbations& perturbations = prepared.data.perturbations;
  std::vector<SparseVector> vectors(perturbations.names.size());
  if (embedding_) vectors = vectors_of(*embedding_, model, prepared);
  of_cells_.rows = prepared.data.cell_count();
  of_cells_.cols = std::ssize(columns_) + part_genes_.rows;
  for (std::int32_t cell = 0; cell < of_cells_.rows; ++cell) {
    const std::int32_t p = embedding_ ? perturbations.of_cell[cell] : -1;
    const bool known = p > 0 && !vectors[p].empty();  // of a cell in the split
    if (known) append_entries(of_cells_, vectors[p]);
    for (const Covariate& covariate : covariates_) {
      if (covariate.level[cell] >= 0)
        append_entries(of_cells_, {{covariate.first_column + covariate.level[cell], 1.0f}});
    }
    if (known) append_entries(of_cells_, together(perturbations.parts[p]));
    of_cells_.offsets.push_back(std::ssize(of_cells_.values));
  }
}

void ConditionTable::add_perturbations(Context& context, const std::string& model,
                                       const ModelOptions& options, const Prepared& prepared, Log& log,
                                       Leaks leaks) {
  check_perturbations(model, options, prepared, leaks);
  for (const std::int32_t cell : prepared.split.train) {
    if (prepared.data.perturbations.of_cell[cell] == 0) controls_.push_back(cell);
  }
  embedding_ = gene_embedding(context, options.conditioning, prepared, log);
  columns_ = embedding_->columns;
}

void ConditionTable::add_groups(const std::string& model, const Prepared& prepared) {
  const std::string who = fmt::format("model.{}.dispersion", model);
  check_labels(prepared, who);
  const Perturbations& perturbations = prepared.data.perturbations;
  const std::vector<bool> trained = present(prepared.data, prepared.split.train);
  const std::vector<bool> used = present(prepared.data, cells_of_split(prepared.split));
  std::vector<std::int32_t> group_of(trained.size(), 0);  // of cells outside the split the first
  groups_.count = 0;
  for (std::size_t p = 0; p < trained.size(); ++p) {
    if (used[p] && !trained[p]) {
      throw DataError("{}: no training cell has the perturbation {}, whose dispersions cannot be known", who,
                      perturbations.names[p]);
    }
    if (!trained[p]) continue;
    group_of[p] = static_cast<std::int32_t>(groups_.count++);
    group_of_parts_[perturbations.parts[p]] = group_of[p];
  }
  for (const std::int32_t p : perturbations.of_cell) groups_.of_cell.push_back(p >= 0 ? group_of[p] : 0);
}

void ConditionTable::add_covariate(const std::string& model, const std::string& name,
                                   const Prepared& prepared, Log& log) {
  const Dataset& data = prepared.data;
  const Column* column = data.cells.find(name);
  if (column == nullptr) {
    throw DataError("model.{}.condition: {} has no obs column {}; it has {}", model, data.source, name,
                    columns_instead_of(name, data.cells));
  }
  std::set<std::string> levels;
  for (const std::int32_t cell : prepared.split.train) levels.insert(column->text(cell));
  const auto without = std::count_if(prepared.split.train.begin(), prepared.split.train.end(),
                                     [&](std::int32_t cell) { return column->text(cell).empty(); });
  if (without > 0) {
    log.warn("model.{}.condition: {} training cells have no value in {}; they are told as one of their own",
             model, without, name);
  }
  if (levels.size() < 2) {
    throw DataError(
        "model.{}.condition: the training cells have one value in {}, '{}': there is nothing to learn "
        "from it",
        model, name, levels.empty() ? "" : *levels.begin());
  }
  for (const std::int32_t cell : cells_of_split(prepared.split)) {
    if (levels.contains(column->text(cell))) continue;
    throw DataError("model.{}.condition: cell {} has '{}' in {}, which no training cell has", model,
                    data.cells.names[cell], column->text(cell), name);
  }
  const auto first = static_cast<std::int32_t>(columns_.size());
  for (const std::string& level : levels) columns_.push_back(name + "=" + level);
  Covariate covariate{name, first, static_cast<std::int32_t>(columns_.size()), {}};
  for (std::int64_t cell = 0; cell < data.cell_count(); ++cell) {
    const auto found = levels.find(column->text(cell));
    covariate.level.push_back(
        found == levels.end() ? -1 : static_cast<std::int32_t>(std::distance(levels.begin(), found)));
  }
  covariates_.push_back(std::move(covariate));
}

void ConditionTable::add_part_genes() {
  part_genes_.cols = std::ssize(embedding_->columns);
  for (const auto& [name, vector] : embedding_->genes) {
    part_column_[name] = static_cast<std::int32_t>(std::ssize(columns_) + part_genes_.rows++);
    for (const auto& [column, value] : vector) {
      part_genes_.indices.push_back(column);
      part_genes_.values.push_back(value);
    }
    part_genes_.offsets.push_back(std::ssize(part_genes_.values));
  }
}

SparseVector ConditionTable::together(std::span<const std::string> parts) const {
  SparseVector entries;
  if (parts.size() < 2 || part_column_.empty()) return entries;
  const std::vector<std::string> genes = embedding_->genes_of(parts, "conditions");
  if (genes.size() < 2) return entries;  // two guides of one gene
  for (const std::string& gene : genes) entries.emplace_back(part_column_.at(gene), 1.0f);
  return entries;
}

std::vector<ConditionTable> condition_tables(Context& context, const ModelSet& models,
                                             const Prepared& prepared, Log& log) {
  std::vector<ConditionTable> tables;
  for (const auto& [name, options] : models) {
    tables.push_back(needs_table(options) ? ConditionTable(context, name, options, prepared, log)
                                          : ConditionTable());
  }
  return tables;
}

TableShape table_shape(Context& context, const std::string& model, const ModelOptions& options,
                       const Prepared& prepared, Log& log) {
  ModelOptions known = options;
  std::int64_t loadings = 0;
  if (std::erase(known.condition, perturbation_word) > 0) {
    if (options.conditioning.embedding == EmbeddingOptions::loadings) {
      loadings = std::min({options.conditioning.components, std::ssize(prepared.split.train) - 1,
                           prepared.data.gene_count()});
      known.conditioning.combine = GeneCombination::sum;  // without vectors there is nothing to multiply
      check_perturbations(model, options, prepared);
      GeneEmbedding names;
      names.source = options.conditioning.embedding;
      for (const std::string& gene : prepared.data.genes.names) names.genes[gene] = {};
      vectors_of(names, model, prepared);
    } else {
      known.condition = options.condition;
    }
  }
  const ConditionTable table(context, model, known, prepared, log);
  return {.conditions = std::ssize(table.columns()) + loadings,
          .gene_width = options.conditioning.products() > 0 ? loadings + table.part_genes().cols : 0,
          .groups = table.groups().count};
}

}  // namespace sparcell
