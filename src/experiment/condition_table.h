// What a model is told of every cell of a data set, and of cells as they would be under another perturbation;
// and whose counts have dispersions of their own.
#pragma once

#include <optional>

#include "experiment/chosen_conditions.h"
#include "experiment/gene_embedding.h"
#include "model/device_data.h"

namespace sparcell {

/// Whether a held-out perturbation that leaks matters: where cells are judged, not where they are only looked at.
enum class Leaks { refused, allowed };

class ConditionTable {
 public:
  /// No conditions.
  ConditionTable() = default;
  /// Zeros for `cells` cells: what a model that needs `width` conditions is told of cells of unknown ones.
  /// All are of the first of `groups` groups.
  /// With `gene_width` genes have vectors of that many numbers, and none is perturbed.
  ConditionTable(std::int64_t cells, std::int64_t width, std::int64_t groups = 1,
                 std::int64_t gene_width = 0);
  /// Of all cells of the data, as `options.condition` says, fitted on training cells. Cells that are in no
  /// part of the split may have conditions that training cells do not; they are told none. `model` is named
  /// in errors. Throws DataError for a missing column or labels, a condition that is the same for all
  /// training cells, and one of validation or test cells that no training cell has and no embedding knows (of
  /// dispersions: that no training cell has); and where a held-out perturbation leaks (see check_leaks) unless
  /// that is allowed.
  ConditionTable(Context& context, const std::string& model, const ModelOptions& options,
                 const Prepared& prepared, Log& log, Leaks leaks = Leaks::refused);

  /// Cells x conditions; behind them, where genes that are perturbed together have more than their sum
  /// (`conditioning.combine`), a column for each row of `part_genes`.
  const Csr<float>& of_cells() const { return of_cells_; }
  /// The vectors of all genes of the embedding, where those columns are.
  const Csr<float>& part_genes() const { return part_genes_; }
  const std::vector<std::string>& columns() const { return columns_; }
  /// Of cells that share dispersions (`options.dispersion`): controls and perturbations with training cells,
  /// in their order.
  const CellGroups& groups() const { return groups_; }
  bool empty() const { return of_cells_.cols == 0; }
  bool of_perturbations() const { return embedding_.has_value(); }
  /// Training cells that are controls; empty where the model is told no perturbation.
  const std::vector<std::int32_t>& controls() const { return controls_; }
  /// All training cells: rows that a generated cell's conditions may be drawn from.
  const std::vector<std::int32_t>& trained() const { return trained_; }

  /// Rows for the given cells with what is chosen in place of their own conditions. `who` begins errors: a
  /// UsageError for what the model is not told, a DataError for parts that it cannot know and for a value
  /// that no training cell has.
  Csr<float> told(std::span<const std::int32_t> cells, const ChosenConditions& chosen,
                  const std::string& who) const;
  /// The group of a perturbation of these parts; nothing where no training cell has it.
  std::optional<std::int32_t> group_of(const std::vector<std::string>& parts) const;

 private:
  struct Covariate {
    std::string name;
    std::int32_t first_column, end_column;
    std::vector<std::int32_t> level;  ///< of each cell; -1 where it is told none
  };
  /// Columns of a row whose entries make room for others.
  struct Exchange {
    std::int32_t first_column, end_column;
    SparseVector entries;
  };

  void add_perturbations(Context& context, const std::string& model, const ModelOptions& options,
                         const Prepared& prepared, Log& log, Leaks leaks);
  void add_groups(const std::string& model, const Prepared& prepared);
  void add_covariate(const std::string& model, const std::string& column, const Prepared& prepared, Log& log);
  void add_part_genes();
  /// What a row has behind its conditions of genes that are perturbed together.
  SparseVector together(std::span<const std::string> parts) const;
  std::vector<Exchange> exchanges(const ChosenConditions& chosen, const std::string& who) const;

  std::optional<GeneEmbedding> embedding_;
  std::vector<Covariate> covariates_;
  std::vector<std::string> columns_;
  std::vector<std::int32_t> controls_, trained_;
  CellGroups groups_;
  std::map<std::vector<std::string>, std::int32_t> group_of_parts_;
  Csr<float> part_genes_;
  std::map<std::string, std::int32_t> part_column_;
  Csr<float> of_cells_;
};

/// How wide a table is, which layers' widths follow.
struct TableShape {
  std::int64_t conditions = 0;
  std::int64_t gene_width = 0;  ///< of the genes' vectors, where models multiply what they make of them
  std::int64_t groups = 1;
};

/// Whether the model's table is of the cells of a data set: it is told conditions, or has dispersions by
/// perturbation.
inline bool needs_table(const ModelOptions& options) {
  return !options.condition.empty() || options.by_perturbation();
}

/// A table for each model, in their order; empty for a model that needs none. Throws as they do.
std::vector<ConditionTable> condition_tables(Context& context, const ModelSet& models,
                                             const Prepared& prepared, Log& log);

/// Of the table that the model would have, without the values of the data: `prepared` need not hold them.
/// Throws as the table does. Of loadings there are as many as are asked for and cells and genes allow.
TableShape table_shape(Context& context, const std::string& model, const ModelOptions& options,
                       const Prepared& prepared, Log& log);

/// Throws DataError where a perturbation that no training cell has leaks: into validation cells of the same
/// perturbation while it is tested, or into training or validation cells of one that perturbs all of its
/// genes, by the same guides or others (core/guides.h).
void check_leaks(const Dataset& data, const Split& split);

}  // namespace sparcell
