#include "model/critic.h"

#include <algorithm>

#include "math/activation.h"
#include "model/singular_value.h"
#include "sparcell/core/branches.h"
#include "sparcell/ops/adversarial.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/gradient_penalty.h"
#include "sparcell/ops/linear.h"
#include "sparcell/ops/minibatch_deviation.h"
#include "sparcell/ops/random.h"
#include "sparcell/ops/spectral_norm.h"

namespace sparcell {
namespace {

/// Numbers of the dropout passes (the generator's are 0 and 1).
enum Pass : std::uint32_t { real_pass = 2, generated_pass, interpolated_pass, generator_update_pass };

/// Slots of spectral norm and statistics.
enum Slot : int { real_slot, generated_slot, interpolated_slot, slots };

std::vector<LayerShape> critic_layers(const GanOptions& options, std::int64_t genes, std::int64_t told) {
  std::vector<LayerShape> layers = hidden_layers(options.critic, genes + told);
  layers.push_back(linear_layer(layers.empty() ? genes + told : layers.back().out, 1));
  layers.front().beside = told;
  if (options.minibatch == MinibatchStatistic::deviation) {
    require(layers.size() > 2, "a minibatch statistic stands beside the last of at least two hidden layers");
    LayerShape& last_hidden = layers[layers.size() - 2];
    ++last_hidden.in;
    last_hidden.beside = 1;
    last_hidden.deviation = true;
  }
  for (LayerShape& layer : layers) layer.spectral_norm = options.spectral_norm;
  return layers;
}

}  // namespace

template <class T>
Critic<T>::Critic(Context& context, const GanOptions& options, std::int64_t genes, const Told<T>& told,
                  std::int64_t batch, std::uint64_t seed, Arena<T>& parameters, Arena<T>& buffers,
                  PhaseClock& phases)
    : options_(options),
      seed_(seed),
      phases_(phases),
      parameters_(parameters),
      context_(context),
      told_(told),
      batch_(batch),
      network_("critic", critic_layers(options, genes, told_width()), seed, 0, parameters, buffers),
      curved_(math::is_curved(options.critic.activation) ||
              options.critic.normalization == NormalizationLayer::layer) {
  if (told.products > 0) pairs_.emplace(context, "critic_genes.weight", told, batch, 1, parameters);
}

template <class T>
void Critic<T>::initialize(std::uint32_t network, bool alike) {
  network_.initialize(network);
  if (!pairs_) return;
  network_.clear_beside(told_.products);
  pairs_->initialize(seed_, alike, 1);
}

template <class T>
void Critic<T>::make_tape() {
  const std::int64_t rows = batch_ * (penalised() ? 4 : 2);
  tape_ = network_.make_tape(context_, rows, slots);
  for (std::int64_t update = 0; update < std::min<std::int64_t>(options_.critic_steps, 2); ++update)
    cells_.emplace_back(context_, rows * network_.in());
  told_rows_ = Buffer<T>(context_, batch_ * blocks() * told_width());
  if (!penalised() || !curved_) return;
  for (int k = 0; k + 1 < network_.size(); ++k) {
    signal_.emplace_back(context_, batch_ * network_.shape(k).out);
    extra_.emplace_back(context_, batch_ * network_.shape(k).out);
  }
}

template <class T>
bool Critic<T>::interpolated_pass_has_gradient() const {
  return options_.gradient_penalty.on == PenaltyOn::probability || curved_ ||
         options_.minibatch == MinibatchStatistic::deviation;
}

template <class T>
MatrixView<T> Critic<T>::cells(std::size_t place, std::int64_t first, std::int64_t rows) const {
  return {cells_[place % cells_.size()].data() + first * network_.in(), rows, network_.in()};
}

template <class T>
MatrixView<T> Critic<T>::layer_input(int layer, std::int64_t first, std::int64_t rows) const {
  return layer == 0 ? input(first, rows) : network_.output(tape_, layer - 1, first, rows);
}

template <class T>
MatrixView<T> Critic<T>::grad(int layer, std::int64_t first, std::int64_t rows) const {
  return network_.rows_of(tape_[layer].grad, layer, first, rows);
}

template <class T>
MatrixView<T> Critic<T>::a(int layer, std::int64_t first, std::int64_t rows) const {
  return network_.rows_of(tape_[layer].a, layer, first, rows);
}

template <class T>
MatrixView<T> Critic<T>::side(const std::vector<Buffer<T>>& buffers, int layer, std::int64_t rows) const {
  return curved_ ? network_.rows_of(buffers[layer], layer, 0, rows) : MatrixView<T>{};
}

template <class T>
MatrixView<T> Critic<T>::real_rows(std::int64_t rows) {
  return cells(place_ + 1, Rows{rows, penalised()}.real(), rows);
}

template <class T>
MatrixView<T> Critic<T>::generated_rows(std::int64_t rows) {
  return cells(place_ + 1, Rows{rows, penalised()}.generated(), rows);
}

template <class T>
MatrixView<T> Critic<T>::told(std::int64_t first, std::int64_t rows) const {
  if (told_width() == 0) return {};
  return {told_rows_.data() + first * told_width(), rows, told_width()};
}

template <class T>
void Critic<T>::take_conditions(const Conditions<T>& conditions) {
  if (told_width() == 0) return;
  told_cells_ = conditions;
  const std::int64_t n = conditions.rows.count;
  for (std::int64_t block = 0; block < blocks(); ++block) {
    const MatrixView<T> all = told(block * n, n);
    gather_dense<T>(context_, conditions.x, conditions.rows, {}, {},
                    {all.data, n, told_.conditions, all.stride});
  }
}

template <class T>
void Critic<T>::tell_products(std::int64_t blocks) {
  if (!pairs_) return;
  pairs_->put(context_, 0, told_cells_);
  const std::int64_t n = told_cells_.rows.count;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const MatrixView<T> all = told(block * n, n);
    pairs_->copy(context_, 0, {all.data + told_.conditions, n, told_.products, all.stride});
  }
}

template <class T>
int Critic<T>::used_slots() const {
  return penalised() ? slots : interpolated_slot;
}

template <class T>
void Critic<T>::find_sigmas_of_update() {
  if (options_.spectral_iterations == SpectralIterations::per_step) {
    network_.update_sigmas(context_, tape_, real_slot, used_slots());
    return;
  }
  for (int slot = real_slot; slot < used_slots(); ++slot) network_.update_sigmas(context_, tape_, slot, 1);
}

template <class T>
void Critic<T>::finish_cells(std::int64_t n, Counter update) {
  const MatrixView<T> real = real_rows(n);
  if (penalised()) {
    interpolate<T>(context_, RandomStream(seed_, Purpose::interpolation, 0, update), real, generated_rows(n),
                   cells(place_ + 1, 0, n));
  }
  if (options_.instance_noise > 0) {
    add_normal<T>(context_, RandomStream(seed_, Purpose::instance_noise, 0, update),
                  static_cast<T>(options_.instance_noise),
                  {real.data, static_cast<std::size_t>(real.size())});
  }
}

template <class T>
void Critic<T>::train_update(std::int64_t n, Counter update, CriticLosses losses,
                             const std::function<void()>& meanwhile) {
  const Rows rows{n, penalised()};
  place_ = (place_ + 1) % cells_.size();

  phases_.enter(Phase::forward);
  beside(context_, [&] { find_sigmas_of_update(); });
  tell_products(blocks());
  std::vector<Segment> segments{
      {.first = rows.real(), .rows = n, .pass = real_pass, .step = update, .slot = real_slot},
      {.first = rows.generated(), .rows = n, .pass = generated_pass, .step = update, .slot = generated_slot}};
  if (penalised()) {
    segments.push_back(
        {.first = 0, .rows = n, .pass = interpolated_pass, .step = update, .slot = interpolated_slot});
  }
  const NetworkBatch<T> batch{
      .rows = rows.forward(), .segments = segments, .beside = told(0, rows.forward())};
  network_.forward_hidden(context_, tape_, input(0, rows.forward()), batch, [&] {
    join(context_);  // for sigmas
    if (meanwhile) beside(context_, meanwhile);
  });
  const auto head_forward = [&] {
    network_.forward_last(context_, tape_, input(0, rows.forward()), batch);
  };
  if (penalised()) {
    back_with_penalty(rows, segments, losses, head_forward);
  } else {
    head_forward();
    adversarial_gradients(rows, losses);
    phases_.enter(Phase::backward);
    backward(rows, segments);
  }
  if (options_.spectral_norm) {
    correct_spectral(rows, segments);
  } else {
    join(context_);
  }
}

/// From the outputs of the hidden layers back to the gradients of all. Segments without a gradient of their
/// own leave the list.
template <class T>
void Critic<T>::back_with_penalty(const Rows& rows, std::vector<Segment>& segments, CriticLosses losses,
                                  const std::function<void()>& head_forward) {
  // What is beside is asked for behind the penalty's passes; one on logits does without them.
  const bool asks_for_logits = options_.gradient_penalty.on == PenaltyOn::probability;
  if (asks_for_logits) head_forward();
  beside(context_, [&] {
    if (!asks_for_logits) head_forward();
    adversarial_gradients(rows, losses);
  });
  phases_.enter(Phase::backward);  // the penalty's passes lead there
  const Segment interpolated = segments.back();
  penalty_passes(rows, interpolated, losses);
  const bool goes_back = interpolated_pass_has_gradient();
  if (goes_back) {
    end_tangents(rows, interpolated);
  } else {
    segments.pop_back();
  }
  join(context_);
  backward(rows, segments);
  if (!goes_back) end_tangents(rows, interpolated);  // for spectral norm's correction alone
}

template <class T>
void Critic<T>::adversarial_gradients(const Rows& rows, CriticLosses losses) {
  phases_.enter(Phase::loss);
  const int head = network_.size() - 1;
  const MatrixView<T> real = a(head, rows.real(), rows.n), generated = a(head, rows.generated(), rows.n);
  const MatrixView<T> grad_real = grad(head, rows.real(), rows.n),
                      grad_generated = grad(head, rows.generated(), rows.n);
  const auto both = [&](LogitLoss kind, double target_real, double target_generated, double weight) {
    const LogitGroup<T> groups[] = {{target_real, real, losses.real_score, grad_real},
                                    {target_generated, generated, losses.generated_score, grad_generated}};
    logit_loss<T>(context_, kind, weight, groups, losses.adversarial);
  };
  switch (options_.loss) {
    case GanLoss::bce:
      both(LogitLoss::cross_entropy, 1 - options_.label_smoothing, 0, 0.5);
      break;
    case GanLoss::wgan:
      both(LogitLoss::linear, -1, 1, 1);
      break;
    case GanLoss::hinge:
      both(LogitLoss::hinge, 1, -1, 1);
      break;
  }
}

/// The first way back from the head to the input gradient g, and the tangent pass forward from c g (MODELS:
/// "Gradient penalty: the second backward pass"). Leaves delta_k / sigma in grad's tangent rows, t_k in the
/// outputs' tangent rows, and what goes back through the interpolated cells' ordinary pass in grad's
/// interpolated rows and in extra_. With a minibatch statistic the logit of every interpolated cell depends
/// on all of them: g are the gradients of the sum of logits.
template <class T>
void Critic<T>::penalty_passes(const Rows& rows, const Segment& interpolated, CriticLosses losses) {
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
  const MatrixView<T> g = input(tangent, n);
  network_.input_gradient(context_, 0, grad(0, tangent, n), g);
  penalty_tangent<T>(context_, g, options_.gradient_penalty.target, options_.gradient_penalty.weight, 1.0,
                     losses.penalty, g);

  for (int k = 0; k < head; ++k) {
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

/// The tangent pass at the head.
template <class T>
void Critic<T>::end_tangents(const Rows& rows, const Segment& interpolated) {
  const int head = network_.size() - 1;
  const std::int64_t n = rows.n, tangent = rows.tangent();
  network_.product(context_, head, layer_input(head, tangent, n), a(head, tangent, n));
  head_second_derivative<T>(context_, options_.gradient_penalty.on, a(head, 0, n),
                            network_.pass(head, tape_[head], interpolated).scale, a(head, tangent, n),
                            grad(head, 0, n));
}

template <class T>
void Critic<T>::backward(const Rows& rows, std::span<const Segment> segments) {
  // Rows of the ordinary pass, those of the interpolated cells only where they carry a gradient.
  const bool from_interpolated = penalised() && interpolated_pass_has_gradient();
  const std::int64_t first = from_interpolated ? 0 : rows.real();
  const std::int64_t ordinary = rows.forward() - first;
  const std::int64_t all = ordinary + (penalised() ? rows.n : 0);
  for (int k = network_.size() - 1; k >= 0; --k) {
    std::vector<LayerPass<T>> passes = network_.passes(k, tape_[k], segments);
    if (from_interpolated && k + 1 < network_.size()) passes.back().extra = side(extra_, k, rows.n);
    const MatrixView<T> g = grad(k, 0, rows.forward());
    layer_backward<T>(context_, network_.form(k, true), network_.layer_parameters(k), passes,
                      a(k, 0, rows.forward()), g, g, network_.layer_gradients(k));
    beside(context_, [&] {
      network_.weight_gradient(context_, k, grad(k, first, all), layer_input(k, first, all));
      if (network_.shape(k).deviation) {
        network_.beside_weight_gradient(context_, k, grad(k, first, all),
                                        network_.deviations(tape_[k], first, all));
      } else if (network_.shape(k).beside > 0) {
        // What the tangents are told is 0: the penalty moves the cells alone.
        network_.beside_weight_gradient(context_, k, grad(k, first, ordinary), told(first, ordinary));
      }
    });
    if (k == 0) continue;
    network_.input_gradient(context_, k, grad(k, first, ordinary), grad(k - 1, first, ordinary));
    if (!network_.shape(k).deviation) continue;
    network_.deviation_backward(context_, k, tape_[k], first, segments, grad(k, first, ordinary),
                                layer_input(k, first, ordinary), grad(k - 1, first, ordinary));
    if (!penalised()) continue;
    minibatch_deviation_second<T>(context_, layer_input(k, 0, rows.n), layer_input(k, rows.tangent(), rows.n),
                                  network_.deviation_gradients(tape_[k], rows.tangent(), rows.n),
                                  grad(k - 1, 0, rows.n));
  }
  if (pairs_) {
    for (const Segment& segment : segments)
      network_.beside_gradient(context_, 0, grad(0, segment.first, rows.n), told_cells_.grad_pairs,
                               segment.first != segments.front().first);
    pairs_->backward(context_, 0, told_cells_);
  }
}

template <class T>
void Critic<T>::correct_spectral(const Rows& rows, std::span<const Segment> segments) {
  std::vector<SpectralInner<T>> inners;
  std::vector<SpectralGradient<T>> gradients;
  const auto used = static_cast<std::size_t>(used_slots());
  for (int k = 0; k < network_.size(); ++k) {
    const LayerTape<T>& tape = tape_[k];
    const std::size_t begin = inners.size();
    for (std::size_t slot = 0; slot < used; ++slot)
      inners.push_back({.terms = {}, .inner = &tape.inner.data()[slot]});
    for (const Segment& segment : segments) {
      inners[begin + static_cast<std::size_t>(segment.slot)].terms[0] = {
          grad(k, segment.first, rows.n), a(k, segment.first, rows.n), network_.layer_parameters(k).bias};
    }
    if (penalised()) {
      inners[begin + interpolated_slot].terms[1] = {
          grad(k, rows.tangent(), rows.n), a(k, rows.tangent(), rows.n), {}};
    }
    const LayerShape& shape = network_.shape(k);
    gradients.push_back({.u = MatrixView<const T>(tape.u.data(), used_slots(), shape.out),
                         .v = MatrixView<const T>(tape.v.data(), used_slots(), shape.in),
                         .inner = tape.inner.span().first(used),
                         .grad_weight = network_.weight_gradient_of(k)});
  }
  spectral_inner<T>(context_, inners);
  join(context_);
  spectral_correction<T>(context_, gradients);
}

template <class T>
void Critic<T>::generator_gradient(MatrixView<const T> generated, Counter step, double* loss,
                                   MatrixView<T> grad_input) {
  const std::int64_t n = generated.rows;
  const int head = network_.size() - 1;
  const Segment segment{
      .first = 0, .rows = n, .pass = generator_update_pass, .step = step, .slot = real_slot};
  beside(context_, [&] { network_.update_sigmas(context_, tape_, real_slot, 1); });
  tell_products(1);
  const NetworkBatch<T> batch{.rows = n, .segments = {&segment, 1}, .beside = told(0, n)};
  network_.forward_hidden(context_, tape_, generated, batch, [&] { join(context_); });
  network_.forward_last(context_, tape_, generated, batch);
  phases_.enter(Phase::loss);
  const bool bce = options_.loss == GanLoss::bce;
  const LogitGroup<T> group{bce ? 1.0 : -1.0, a(head, 0, n), nullptr, grad(head, 0, n)};
  logit_loss<T>(context_, bce ? LogitLoss::cross_entropy : LogitLoss::linear, 1, {&group, 1}, loss);
  phases_.enter(Phase::backward);
  network_.backward(context_, tape_, batch, {.grad_input = grad_input, .with_parameters = false});
}

template <class T>
void Critic<T>::show_update(std::int64_t n, const Watch<T>& watch) const {
  const Rows rows{n, penalised()};
  const std::int64_t all = rows.forward() + (penalised() ? n : 0);
  watch({"critic: input", input(0, rows.forward()), rows.real()});
  network_.show_values(tape_, rows.forward(), rows.real(), watch);
  network_.show_gradients(tape_, all, rows.real(), watch);
}

template <class T>
void Critic<T>::show_generator_pass(std::int64_t n, const Watch<T>& watch) const {
  network_.show_values(tape_, n, -1, watch);
  network_.show_gradients(tape_, n, -1, watch);
}

template <class T>
LossParts Critic<T>::sigmas() {
  LossParts parts;
  for (int k = 0; k < network_.size(); ++k) {
    const double sigma =
        network_.shape(k).spectral_norm
            ? 1.0 / static_cast<double>(tape_[k].inverse_sigma.to_host()[real_slot])
            : largest_singular_value(parameters_.read(network_.weight_tensor(k)), network_.shape(k).in);
    parts.emplace_back(fmt::format("sigma_{}", k), sigma);
  }
  return parts;
}

template class Critic<float>;
template class Critic<double>;

}  // namespace sparcell
