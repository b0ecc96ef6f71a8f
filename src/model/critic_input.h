// What the critic reads in its updates: real, generated and interpolated cells in one batch, and what it is
// told of them.
#pragma once

#include <optional>
#include <vector>

#include "model/pairs.h"
#include "sparcell/core/random.h"
#include "sparcell/model.h"

namespace sparcell {

/// Rows of an update: [interpolated] real generated [tangents], n each; those in brackets under a penalty.
struct UpdateRows {
  std::int64_t n;
  bool penalised;
  std::int64_t interpolated() const { return 0; }
  std::int64_t real() const { return penalised ? n : 0; }
  std::int64_t generated() const { return real() + n; }
  std::int64_t tangent() const { return generated() + n; }
  /// Of the forward passes: all but the tangents.
  std::int64_t forward() const { return tangent(); }
  std::int64_t all() const { return forward() + (penalised ? n : 0); }
};

template <class T>
class CriticInput {
 public:
  /// What is `told` of cells are their conditions and behind them learned products of genes perturbed
  /// together, from a matrix that is added to the parameters. Batches of at most `batch` rows.
  CriticInput(Context& context, const GanOptions& options, std::int64_t genes, const Told<T>& told,
              std::int64_t batch, std::uint64_t seed, Arena<T>& parameters);
  /// Of genes that begin `alike` see LearnedPairs.
  void initialize(bool alike);

  /// Where the caller puts the real and the generated batch of the next update, rows x genes: not where the
  /// cells of the one that is trained are.
  MatrixView<T> real_rows(std::int64_t rows) { return cells(place_ + 1, layout(rows).real(), rows); }
  MatrixView<T> generated_rows(std::int64_t rows) {
    return cells(place_ + 1, layout(rows).generated(), rows);
  }
  /// With both there: noise, and what lies between them.
  void finish_cells(std::int64_t rows, Counter update);
  /// The next update becomes the one that is trained.
  void advance() { place_ = (place_ + 1) % cells_.size(); }
  /// Rows of its cells.
  MatrixView<T> trained(std::int64_t first, std::int64_t rows) const { return cells(place_, first, rows); }

  /// The conditions of the cells of the updates and of the generator's pass that follow: those of a real cell
  /// are those of the generated one in the same row, and of what lies between the two. What the views show
  /// must stay until then.
  void take_conditions(const Conditions<T>& conditions);
  /// Products of genes, whose matrix every update moves, for the first `passes` passes.
  void tell_products(std::int64_t passes);
  /// What is told of rows of the forward passes; an empty view where that is nothing.
  MatrixView<T> told(std::int64_t first, std::int64_t rows) const;

  /// Where the gradient at the products goes before the way back to their matrix.
  MatrixView<T> grad_products() const { return told_cells_.grad_pairs; }
  void products_backward() { pairs_->backward(context_, 0, told_cells_); }

  UpdateRows layout(std::int64_t rows) const { return {rows, options_.gradient_penalty.weight > 0}; }
  /// Forward passes of an update, each of as many rows.
  std::int64_t passes() const { return options_.gradient_penalty.weight > 0 ? 3 : 2; }

 private:
  std::int64_t told_width() const { return told_.conditions + told_.products; }
  /// Of the cells of update number `place`, modulo what there is room for.
  MatrixView<T> cells(std::size_t place, std::int64_t first, std::int64_t rows) const {
    return {cells_[place % cells_.size()].data() + first * genes_, rows, genes_};
  }

  Context& context_;
  const GanOptions& options_;
  const std::int64_t genes_;
  const Told<T> told_;
  const std::uint64_t seed_;
  std::vector<Buffer<T>> cells_;  ///< of the update that is trained; of the next, where a step has several
  std::size_t place_ = 0;         ///< of those of the update that was trained last
  std::optional<LearnedPairs<T>> pairs_;
  Conditions<T> told_cells_;
  Buffer<T> told_rows_;  ///< pass by pass
};

}  // namespace sparcell
