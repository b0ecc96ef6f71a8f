// The expression of a run's real and generated cells, read once for all figures.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/cell_file.h"
#include "report/labels.h"

namespace sparcell {

struct RunExpression {
  std::vector<std::string> genes;  ///< names of the columns of `chosen`
  std::vector<std::int64_t>
      variable;  ///< columns of the most variable genes over training cells, those first
  std::vector<std::int64_t> perturbed;  ///< columns of genes that perturbations name, the most frequent first
  CellValues real;                      ///< of all cells of the run
  std::vector<std::int64_t> test;       ///< rows of the test cells
  std::vector<std::pair<std::string, CellValues>> generated;  ///< by model

  /// The most genes that figures take.
  static constexpr std::int64_t most_variable = 60, most_perturbed = 40;
};

/// Nothing where latent.h5ad holds no expression. Throws DataError where generated cells have other genes.
std::optional<RunExpression> read_expression(const RunFolder& run, const Labels& perturbations,
                                             const Labels& splits);

}  // namespace sparcell
