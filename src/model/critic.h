// The critic of the GAN and its update: real, generated and interpolated cells pass through it as segments of
// one batch, so that every layer is one product; the gradient penalty's tangents follow them, so that every
// weight gradient is one product too.
#pragma once

#include <functional>

#include "model/network.h"
#include "model/pairs.h"
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
  /// Of genes that begin `alike` see LearnedPairs; products count for nothing at first.
  void initialize(std::uint32_t network, bool alike);
  /// After the arenas have memory.
  void make_tape();

  /// Where the caller puts the real and the generated batch of the next update, rows x genes: not where the
  /// cells of the one that was trained last are.
  MatrixView<T> real_rows(std::int64_t rows);
  MatrixView<T> generated_rows(std::int64_t rows);
  /// With both there: noise, and what lies between them.
  void finish_cells(std::int64_t rows, Counter update);

  /// The conditions of the cells of the updates and of the generator's pass that follow: those of a real cell
  /// are those of the generated one in the same row, and of what lies between the two. What the views show
  /// must stay until then.
  void take_conditions(const Conditions<T>& conditions);

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
  /// Rows of an update: [interpolated] real generated [tangents], n each; those in brackets under a penalty.
  struct Rows {
    std::int64_t n;
    bool penalised;
    std::int64_t real() const { return penalised ? n : 0; }
    std::int64_t generated() const { return real() + n; }
    std::int64_t tangent() const { return generated() + n; }
    std::int64_t forward() const { return tangent(); }
  };

  bool penalised() const { return options_.gradient_penalty.weight > 0; }
  /// Forward passes of an update, each of as many rows.
  std::int64_t blocks() const { return penalised() ? 3 : 2; }
  std::int64_t told_width() const { return told_.conditions + told_.products; }
  /// What is told of rows of the forward passes; an empty view where that is nothing.
  MatrixView<T> told(std::int64_t first, std::int64_t rows) const;
  /// Products of genes, which change with every update, for the first `blocks` passes.
  void tell_products(std::int64_t blocks);
  /// Whether the penalty sends a gradient back through the interpolated cells' ordinary pass too.
  bool interpolated_pass_has_gradient() const;
  int used_slots() const;
  void find_sigmas_of_update();
  void back_with_penalty(const Rows& rows, std::vector<Segment>& segments, CriticLosses losses,
                         const std::function<void()>& head_forward);
  void adversarial_gradients(const Rows& rows, CriticLosses losses);
  void penalty_passes(const Rows& rows, const Segment& interpolated, CriticLosses losses);
  void end_tangents(const Rows& rows, const Segment& interpolated);
  void backward(const Rows& rows, std::span<const Segment> segments);
  void correct_spectral(const Rows& rows, std::span<const Segment> segments);
  /// Of the cells of update number `place`, modulo what there is room for.
  MatrixView<T> cells(std::size_t place, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> input(std::int64_t first, std::int64_t rows) const { return cells(place_, first, rows); }
  MatrixView<T> layer_input(int layer, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> grad(int layer, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> a(int layer, std::int64_t first, std::int64_t rows) const;
  MatrixView<T> side(const std::vector<Buffer<T>>& buffers, int layer, std::int64_t rows) const;

  const GanOptions options_;
  const std::uint64_t seed_;
  PhaseClock& phases_;
  Arena<T>& parameters_;
  Context& context_;
  const Told<T> told_;
  const std::int64_t batch_;
  Network<T> network_;
  const bool curved_;  ///< hidden layers bend: their second derivatives are not zero everywhere
  typename Network<T>::Tape tape_;
  std::vector<Buffer<T>> cells_;  ///< of the update that is trained; of the next, where a step has several
  std::size_t place_ = 0;         ///< of those of the update that was trained last
  std::optional<LearnedPairs<T>> pairs_;
  Conditions<T> told_cells_;
  Buffer<T> told_rows_;  ///< pass by pass
  std::vector<Buffer<T>> signal_,
      extra_;  ///< of curved layers: gradients that arrived, gradients to add
};

}  // namespace sparcell
