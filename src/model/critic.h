// The critic of the GAN and its update: real, generated and interpolated cells pass through it as segments of
// one batch, so that every layer is one product; the gradient penalty's tangents follow them, so that every
// weight gradient is one product too.
#pragma once

#include <functional>

#include "model/critic_input.h"
#include "model/critic_penalty.h"
#include "model/network.h"
#include "model/trainable.h"

namespace sparcell {

/// Where the losses of one update are added: each has its own place, for some are added beside others.
struct CriticLosses {
  double* adversarial;  ///< without the penalty
  double* penalty;      ///< unweighted
  double* real_score;   ///< mean logit of real cells
  double* generated_score;
  double* gradient_norm = nullptr;  ///< for the caller: of the whole loss; null where nobody reads it
};

template <class T>
class Critic {
 public:
  /// What it is `told` of cells stands beside their genes, as columns of the first weight behind the genes':
  /// conditions, then learned products of genes perturbed together. They come from a matrix of the critic's
  /// own, which its loss moves: the generator's answers another one. Spectral norm is of the whole weight.
  /// The penalty is on the gradient at the genes, and products are not interpolated: real, generated and
  /// interpolated cell are of one perturbation. Where layers bend or the penalty is on a probability, its
  /// gradient reaches the matrix by way of the interpolated cells' pass.
  /// Batches of at most `batch` rows.
  Critic(Context& context, const GanOptions& options, std::int64_t genes, const Told<T>& told,
         std::int64_t batch, std::uint64_t seed, Arena<T>& parameters, Arena<T>& buffers, PhaseClock& phases);
  /// Products count for nothing at first; of genes that begin `alike` see LearnedPairs.
  void initialize(std::uint32_t network, bool alike);
  /// Where the caller puts the cells of the next update, and what it says of them.
  CriticInput<T>& input() { return input_; }

  /// The gradients of one critic update on as many rows of each: adds them to the arena's gradients. `update`
  /// counts updates, in device memory. What `meanwhile` queues runs beside: nothing of the next update's
  /// cells depends on this one.
  void train_update(std::int64_t rows, Counter update, CriticLosses losses,
                    const std::function<void()>& meanwhile = {});

  /// The generator's adversarial loss and its gradient at the generated cells (overwritten); the critic's
  /// parameters get none.
  void generator_gradient(MatrixView<const T> generated, Counter step, double* loss, MatrixView<T> grad);

  /// Shows what the last update computed, and the last pass of the generator's.
  void show_update(std::int64_t rows, const Watch<T>& watch) const;
  void show_generator_pass(std::int64_t rows, const Watch<T>& watch) const;

  /// The largest singular value of every layer's weight: under spectral norm as the last pass saw it.
  LossParts sigmas();

 private:
  int used_slots() const { return static_cast<int>(input_.passes()); }
  void find_sigmas_of_update();
  void adversarial_gradients(const UpdateRows& rows, CriticLosses losses);
  void backward(const UpdateRows& rows, std::span<const Segment> segments);
  void products_backward(const UpdateRows& rows, std::span<const Segment> segments);
  void correct_spectral(const UpdateRows& rows, std::span<const Segment> segments);

  /// From the outputs of the hidden layers back to the gradients of all. Segments without a gradient of their
  /// own leave the list.
  void back_with_penalty(const UpdateRows& rows, std::vector<Segment>& segments, CriticLosses losses,
                         const std::function<void()>& head_forward);
  MatrixView<T> layer_input(int layer, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> grad(int layer, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> a(int layer, std::int64_t first, std::int64_t rows) const;

  const GanOptions options_;
  PhaseClock& phases_;
  Arena<T>& parameters_;
  Context& context_;
  const std::int64_t products_;  ///< of genes perturbed together
  Network<T> network_;
  CriticInput<T> input_;
  typename Network<T>::Tape tape_;
  CriticPenalty<T> penalty_;
};

}  // namespace sparcell
