// The gradient penalty of a critic's update: from the interpolated cells' logits back to the cells, and
// forward again along what the penalty makes of that gradient (MODELS: "Gradient penalty: the second backward
// pass").
#pragma once

#include <vector>

#include "model/critic_input.h"
#include "model/network.h"

namespace sparcell {

template <class T>
class CriticPenalty {
 public:
  /// Of the passes of `network` that are on the `tape`. Batches of at most `batch` rows.
  CriticPenalty(Context& context, const GanOptions& options, std::int64_t batch, Network<T>& network,
                const typename Network<T>::Tape& tape, const CriticInput<T>& input);

  bool is_on() const { return options_.gradient_penalty.weight > 0; }
  /// Whether it sends a gradient back through the interpolated cells' ordinary pass too.
  bool goes_back() const;

  /// Behind the interpolated cells' pass through the hidden layers (and the head, of a penalty on
  /// probabilities). Adds the penalty, unweighted, to *loss. Leaves delta_k / sigma in the gradients' tangent
  /// rows, t_k in the outputs' tangent rows, and what goes back through the ordinary pass in the gradients'
  /// interpolated rows and in `extra`.
  void run(const UpdateRows& rows, const Segment& interpolated, double* loss);
  /// The tangent pass at the head.
  void end(const UpdateRows& rows, const Segment& interpolated);
  /// What is to be added at a layer's pre-activations; an empty view where that is nothing.
  MatrixView<T> extra(int layer, std::int64_t rows) const { return side(extra_, layer, rows); }

 private:
  void find_input_gradient(const UpdateRows& rows, const Segment& interpolated);
  void run_tangents(const UpdateRows& rows, const Segment& interpolated);
  MatrixView<T> side(const std::vector<Buffer<T>>& buffers, int layer, std::int64_t rows) const {
    return curved_ ? network_.rows_of(buffers[layer], layer, 0, rows) : MatrixView<T>{};
  }
  MatrixView<T> layer_input(int layer, std::int64_t first, std::int64_t rows) const {
    return layer == 0 ? input_.trained(first, rows) : network_.output(tape_, layer - 1, first, rows);
  }
  MatrixView<T> a(int layer, std::int64_t first, std::int64_t rows) const {
    return network_.rows_of(tape_[layer].a, layer, first, rows);
  }
  MatrixView<T> grad(int layer, std::int64_t first, std::int64_t rows) const {
    return network_.rows_of(tape_[layer].grad, layer, first, rows);
  }

  Context& context_;
  const GanOptions& options_;
  Network<T>& network_;
  const typename Network<T>::Tape& tape_;
  const CriticInput<T>& input_;
  const bool curved_;  ///< hidden layers bend: their second derivatives are not zero everywhere
  std::vector<Buffer<T>> signal_, extra_;  ///< of curved layers: gradients that arrived, gradients to add
};

}  // namespace sparcell
