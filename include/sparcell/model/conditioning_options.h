// What models are told of cells, and how.
#pragma once

#include <cstdint>
#include <string>

#include "sparcell/core/describe.h"

namespace sparcell {

/// The word of a model's `condition` for a cell's perturbation; every other word is an obs column.
inline constexpr std::string_view perturbation_word = "perturbation";

/// What conditions are. `embedding` is a word or the path of a table.
struct EmbeddingOptions {
  static constexpr std::string_view one_hot = "one_hot", loadings = "loadings";

  std::string embedding = std::string(one_hot);
  std::int64_t components = 10;
};

template <class Visitor>
void describe(Visitor& v, EmbeddingOptions& o) {
  v.field("embedding", o.embedding,
          "What a perturbed gene is to the model: one_hot; loadings, its row of the loadings of principal components of the "
          "training cells; or a CSV file whose first column names genes and whose others are numbers. Genes that are "
          "perturbed together add up; a control is zero.");
  v.field("components", o.components, possible_count, "Principal components of the embedding `loadings`.");
}

/// What genes that are perturbed together are beside the sum of what each is.
enum class GeneCombination { sum, learned };
template <>
struct Names<GeneCombination> {
  static constexpr std::string_view values[] = {"sum", "learned"};
};

/// How every model is told them.
struct CombinationOptions : EmbeddingOptions {
  GeneCombination combine = GeneCombination::sum;
  std::int64_t rank = 8;

  /// Numbers that genes perturbed together have beside their sum.
  std::int64_t products() const { return combine == GeneCombination::learned ? rank : 0; }
};

template <class Visitor>
void describe(Visitor& v, CombinationOptions& o) {
  describe(v, static_cast<EmbeddingOptions&>(o));
  v.field("combine", o.combine,
          "Genes that are perturbed together: sum, the sum of their vectors; learned, beside it products of what a learned "
          "matrix makes of each gene's vector, summed over pairs, so that the order of genes does not count. Of a GAN "
          "generator and critic each learn their own matrix.");
  v.field("rank", o.rank, possible_width, "Products of combine: learned.");
}

/// How an autoencoder is told them.
struct ConditioningOptions : CombinationOptions {
  bool encoder = false;
  double control_input = 0;
};

template <class Visitor>
void describe(Visitor& v, ConditioningOptions& o) {
  describe(v, static_cast<CombinationOptions&>(o));
  v.field("encoder", o.encoder, "The encoder is told the conditions too, not only the decoder.");
  v.field("control_input", o.control_input, share,
          "Share of the training cells in whose place the encoder sees a random training control, so that the decoder must "
          "learn from the conditions what makes the cell of a control; 1 trains what a prediction does.");
}

}  // namespace sparcell
