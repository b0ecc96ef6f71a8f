// What genes that are perturbed together are beside the sum of what each is (conditioning.combine: learned):
// a learned matrix makes a few numbers q of each gene's vector, and a cell is told the products of its genes'
// q, summed over pairs. Cells of less than two genes are told zeros.
#pragma once

#include <optional>

#include "model/arena.h"
#include "model/condition.h"
#include "model/device_data.h"

namespace sparcell {

template <class T>
class LearnedPairs {
 public:
  /// Who is told them in a step.
  enum Use { decoder, encoder, uses };

  /// Adds its tensor, `pairs.weight`. For batches of at most `capacity` rows; `genes` are the vectors.
  LearnedPairs(Context& context, CsrView<const T> genes, std::int64_t rank, std::int64_t capacity,
               Arena<T>& parameters);

  /// With `alike` all genes begin with the same numbers: one-hot genes, of which some may be perturbed with
  /// others in no training cell, and are then taken for one that is.
  void initialize(std::uint64_t seed, bool alike);
  std::int64_t rank() const { return rank_; }

  /// The products of a batch's cells, put beside `told`: its cells' other conditions.
  void put(Context& context, Use use, CsrView<const T> parts, Conditions<T>& told);
  /// From the gradients that the networks left at the products of the last `put`.
  void backward(Context& context, Use use, CsrView<const T> parts, const BatchRows& rows);

 private:
  BatchRows all_genes() const {
    return {.order = all_.data(), .batch = nullptr, .stride = 0, .count = genes_.rows};
  }
  MatrixView<T> of_genes(const Buffer<T>& buffer) const { return {buffer.data(), genes_.rows, rank_}; }
  MatrixView<T> of_cells(const Buffer<T>& buffer, std::int64_t rows) const {
    return {buffer.data(), rows, rank_};
  }

  const CsrView<const T> genes_;
  const std::int64_t rank_;
  Arena<T>& parameters_;
  const int weight_;
  Buffer<std::int32_t> all_;
  Buffer<T> q_, squares_, with_sums_, plain_;  ///< of genes
  struct Tape {
    Buffer<T> sums, scratch, products, grad;  ///< of cells
  };
  Tape tapes_[uses];
};

}  // namespace sparcell
