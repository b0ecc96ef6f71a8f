#include "model/critic_penalty.h"

#include "math/activation.h"
#include "sparcell/ops/gradient_penalty.h"
#include "sparcell/ops/linear.h"
#include "sparcell/ops/minibatch_deviation.h"

namespace sparcell {

template <class T>
CriticPenalty<T>::CriticPenalty(Context& context, const GanOptions& options, std::int64_t batch,
                                Network<T>& network, const typename Network<T>::Tape& tape,
                                const CriticInput<T>& input)
    : context_(context),
      options_(options),
      network_(network),
      tape_(tape),
      input_(input),
      curved_(math::is_curved(options.critic.activation) ||
              options.critic.normalization == NormalizationLayer::layer) {
  if (!is_on() || !curved_) return;
  for (int k = 0; k + 1 < network.size(); ++k) {
    signal_.emplace_back(context, batch * network.shape(k).out);
    extra_.emplace_back(context, batch * network.shape(k).out);
  }
}

template <class T>
bool CriticPenalty<T>::goes_back() const {
  return options_.gradient_penalty.on == PenaltyOn::probability || curved_ ||
         options_.minibatch == MinibatchStatistic::deviation;
}

template <class T>
void CriticPenalty<T>::run(const UpdateRows& rows, const Segment& interpolated, double* loss) {
  find_input_gradient(rows, interpolated);
  const MatrixView<T> g = input_.trained(rows.tangent(), rows.n);
  penalty_tangent<T>(context_, g, options_.gradient_penalty.target, options_.gradient_penalty.weight, 1.0,
                     loss, g);
  run_tangents(rows, interpolated);
}

/// From the head to the input gradient g, which goes to the cells' tangent rows. With a minibatch statistic
/// the logit of every interpolated cell depends on all of them: g are the gradients of the sum of logits.
template <class T>
void CriticPenalty<T>::find_input_gradient(const UpdateRows& rows, const Segment& interpolated) {
  const int head = network_.size() - 1;
  const std::int64_t n = rows.n, tangent = rows.tangent();
  head_derivative<T>(context_, options_.gradient_penalty.on, a(head, 0, n),
                     network_.pass(head, tape_[head], interpolated).scale, grad(head, tangent, n));
  for (int k = head; k > 0; --k) {
    const int below = k - 1;
    const LayerPass<T> pass = network_.pass(below, tape_[below], interpolated);
    if (!curved_ && !network_.shape(k).deviation) {
      linear_backward<T>(context_, network_.form(below, true), network_.layer_parameters(below), {&pass, 1},
                         grad(k, tangent, n), network_.weight(k), a(below, 0, n), grad(below, tangent, n),
                         {});
      continue;
    }
    const MatrixView<T> signal = curved_ ? side(signal_, below, n) : grad(below, tangent, n);
    network_.input_gradient(context_, k, grad(k, tangent, n), signal);
    if (network_.shape(k).deviation) {
      minibatch_deviation_backward<T>(
          context_, layer_input(k, 0, n),
          network_.find_deviation_gradients(context_, k, tape_[k], tangent, grad(k, tangent, n)), signal);
    }
    layer_backward<T>(context_, network_.form(below, true), network_.layer_parameters(below), {&pass, 1},
                      a(below, 0, n), signal, grad(below, tangent, n), {});
  }
  network_.input_gradient(context_, 0, grad(0, tangent, n), input_.trained(tangent, n));
}

/// Forward through the hidden layers from c g, what the penalty makes of g.
template <class T>
void CriticPenalty<T>::run_tangents(const UpdateRows& rows, const Segment& interpolated) {
  const std::int64_t n = rows.n, tangent = rows.tangent();
  for (int k = 0; k + 1 < network_.size(); ++k) {
    network_.product(context_, k, layer_input(k, tangent, n), a(k, tangent, n));
    if (network_.shape(k).deviation) {
      const MatrixView<T> along = network_.deviations(tape_[k], tangent, n);
      minibatch_deviation_tangent<T>(context_, layer_input(k, 0, n), layer_input(k, tangent, n), along);
      network_.add_beside(context_, k, along, a(k, tangent, n));
    }
    const MatrixView<T> signal = curved_ ? side(signal_, k, n) : grad(k, tangent, n);
    layer_tangent<T>(context_, network_.form(k, true), network_.layer_parameters(k),
                     network_.pass(k, tape_[k], interpolated), a(k, 0, n), signal, a(k, tangent, n),
                     network_.output(tape_, k, tangent, n), side(extra_, k, n), network_.layer_gradients(k));
  }
}

template <class T>
void CriticPenalty<T>::end(const UpdateRows& rows, const Segment& interpolated) {
  const int head = network_.size() - 1;
  const std::int64_t n = rows.n, tangent = rows.tangent();
  network_.product(context_, head, layer_input(head, tangent, n), a(head, tangent, n));
  head_second_derivative<T>(context_, options_.gradient_penalty.on, a(head, 0, n),
                            network_.pass(head, tape_[head], interpolated).scale, a(head, tangent, n),
                            grad(head, 0, n));
}

template class CriticPenalty<float>;
template class CriticPenalty<double>;

}  // namespace sparcell
