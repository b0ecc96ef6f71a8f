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
  /// Adds its tensor, named `name`. A step may tell `batches` batches, each of at most `capacity` rows.
  LearnedPairs(Context& context, const std::string& name, const Told<T>& told, std::int64_t capacity,
               int batches, Arena<T>& parameters);

  /// With `alike` all genes begin with the same numbers: one-hot genes, of which some may be perturbed with
  /// others in no training cell, and are then taken for one that is. `number` tells a model's matrices apart.
  void initialize(std::uint64_t seed, bool alike, std::uint32_t number = 0);

  /// The products of a batch's cells, put beside `told`: its cells' other conditions.
  void put(Context& context, int batch, Conditions<T>& told);
  /// The same products once more, to `out`. After `put`, before `backward`.
  void copy(Context& context, int batch, MatrixView<T> out) const;
  /// From the gradients that the networks left at the products of the last `put`.
  void backward(Context& context, int batch, const Conditions<T>& told);

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
  std::vector<Tape> tapes_;
};

}  // namespace sparcell
