// What a perturbed gene is to a model: a vector of numbers.
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "experiment/prepared.h"

namespace sparcell {

/// Non-zero elements, by ascending index.
using SparseVector = std::vector<std::pair<std::int32_t, float>>;

/// Adds entries to the row of `rows` that is not complete yet.
inline void append_entries(Csr<float>& rows, const SparseVector& entries) {
  for (const auto& [column, value] : entries) {
    rows.indices.push_back(column);
    rows.values.push_back(value);
  }
}

/// Genes by name, and what the elements of their vectors are called.
struct GeneEmbedding {
  std::string source;  ///< one_hot, loadings or the path of a table
  std::vector<std::string> columns;
  std::map<std::string, SparseVector> genes;

  /// What the embedding calls the parts, sorted, each once: a part that it lacks is a guide of the gene that
  /// its name without a number says (STAT1_2). Throws DataError, naming what it is for (`who`) and the gene
  /// that the embedding lacks.
  std::vector<std::string> genes_of(std::span<const std::string> parts, const std::string& who) const;
  /// The sum of the vectors of those. Throws as they do.
  SparseVector of(std::span<const std::string> parts, const std::string& who) const;
};

/// As `options.embedding` says. one_hot has the parts of the perturbations that have training cells: guides
/// where labels are of guides. loadings has the selected genes: eigenvectors times standard deviations of the
/// principal components of the training cells, all divided by one number that makes 1 the mean square over
/// the genes that are perturbed in training and vary there; genes that do not vary have zeros. A table has
/// its genes, as they are. Throws DataError for a table that cannot be read.
GeneEmbedding gene_embedding(Context& context, const EmbeddingOptions& options, const Prepared& prepared,
                             Log& log);

}  // namespace sparcell
