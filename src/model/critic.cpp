#include "model/critic.h"

#include "model/singular_value.h"
#include "sparcell/core/branches.h"
#include "sparcell/ops/adversarial.h"
#include "sparcell/ops/minibatch_deviation.h"
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
      phases_(phases),
      parameters_(parameters),
      context_(context),
      products_(told.products),
      network_("critic", critic_layers(options, genes, told.conditions + told.products), seed, 0, parameters,
               buffers),
      input_(context, options_, genes, told, batch, seed, parameters),
      tape_(network_.make_tape(context, input_.layout(batch).all(), slots)),
      penalty_(context, options_, batch, network_, tape_, input_) {}

template <class T>
void Critic<T>::initialize(std::uint32_t network, bool alike) {
  network_.initialize(network);
  if (products_ > 0) network_.clear_beside(products_);
  input_.initialize(alike);
}

template <class T>
MatrixView<T> Critic<T>::layer_input(int layer, std::int64_t first, std::int64_t rows) const {
  return layer == 0 ? input_.trained(first, rows) : network_.output(tape_, layer - 1, first, rows);
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
void Critic<T>::find_sigmas_of_update() {
  if (options_.spectral_iterations == SpectralIterations::per_step) {
    network_.update_sigmas(context_, tape_, real_slot, used_slots());
    return;
  }
  for (int slot = real_slot; slot < used_slots(); ++slot) network_.update_sigmas(context_, tape_, slot, 1);
}

template <class T>
void Critic<T>::train_update(std::int64_t n, Counter update, CriticLosses losses,
                             const std::function<void()>& meanwhile) {
  const UpdateRows rows = input_.layout(n);
  input_.advance();

  phases_.enter(Phase::forward);
  beside(context_, [&] { find_sigmas_of_update(); });
  input_.tell_products(input_.passes());
  std::vector<Segment> segments{
      {.first = rows.real(), .rows = n, .pass = real_pass, .step = update, .slot = real_slot},
      {.first = rows.generated(), .rows = n, .pass = generated_pass, .step = update, .slot = generated_slot}};
  if (penalty_.is_on()) {
    segments.push_back({.first = rows.interpolated(),
                        .rows = n,
                        .pass = interpolated_pass,
                        .step = update,
                        .slot = interpolated_slot});
  }
  const MatrixView<T> cells = input_.trained(0, rows.forward());
  const NetworkBatch<T> batch{
      .rows = rows.forward(), .segments = segments, .beside = input_.told(0, rows.forward())};
  network_.forward_hidden(context_, tape_, cells, batch, [&] {
    join(context_);  // for sigmas
    if (meanwhile) beside(context_, meanwhile);
  });
  const auto head_forward = [&] { network_.forward_last(context_, tape_, cells, batch); };
  if (penalty_.is_on()) {
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

template <class T>
void Critic<T>::back_with_penalty(const UpdateRows& rows, std::vector<Segment>& segments, CriticLosses losses,
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
  penalty_.run(rows, interpolated, losses.penalty);
  const bool goes_back = penalty_.goes_back();
  if (goes_back) {
    penalty_.end(rows, interpolated);
  } else {
    segments.pop_back();
  }
  join(context_);
  backward(rows, segments);
  if (!goes_back) penalty_.end(rows, interpolated);  // for spectral norm's correction alone
}

template <class T>
void Critic<T>::adversarial_gradients(const UpdateRows& rows, CriticLosses losses) {
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

template <class T>
void Critic<T>::backward(const UpdateRows& rows, std::span<const Segment> segments) {
  // Rows of the ordinary pass, those of the interpolated cells only where they carry a gradient.
  const bool from_interpolated = penalty_.is_on() && penalty_.goes_back();
  const std::int64_t first = from_interpolated ? 0 : rows.real();
  const std::int64_t ordinary = rows.forward() - first;
  const std::int64_t all = ordinary + (penalty_.is_on() ? rows.n : 0);
  for (int k = network_.size() - 1; k >= 0; --k) {
    std::vector<LayerPass<T>> passes = network_.passes(k, tape_[k], segments);
    if (from_interpolated && k + 1 < network_.size()) passes.back().extra = penalty_.extra(k, rows.n);
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
        network_.beside_weight_gradient(context_, k, grad(k, first, ordinary), input_.told(first, ordinary));
      }
    });
    if (k == 0) continue;
    network_.input_gradient(context_, k, grad(k, first, ordinary), grad(k - 1, first, ordinary));
    if (!network_.shape(k).deviation) continue;
    network_.deviation_backward(context_, k, tape_[k], first, segments, grad(k, first, ordinary),
                                layer_input(k, first, ordinary), grad(k - 1, first, ordinary));
    if (!penalty_.is_on()) continue;
    minibatch_deviation_second<T>(context_, layer_input(k, 0, rows.n), layer_input(k, rows.tangent(), rows.n),
                                  network_.deviation_gradients(tape_[k], rows.tangent(), rows.n),
                                  grad(k - 1, 0, rows.n));
  }
  if (products_ > 0) products_backward(rows, segments);
}

template <class T>
void Critic<T>::products_backward(const UpdateRows& rows, std::span<const Segment> segments) {
  for (const Segment& segment : segments)
    network_.beside_gradient(context_, 0, grad(0, segment.first, rows.n), input_.grad_products(),
                             segment.first != segments.front().first);
  input_.products_backward();
}

template <class T>
void Critic<T>::correct_spectral(const UpdateRows& rows, std::span<const Segment> segments) {
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
    if (penalty_.is_on()) {
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
  input_.tell_products(1);
  const NetworkBatch<T> batch{.rows = n, .segments = {&segment, 1}, .beside = input_.told(0, n)};
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
  const UpdateRows rows = input_.layout(n);
  watch({"critic: input", input_.trained(0, rows.forward()), rows.real()});
  network_.show_values(tape_, rows.forward(), rows.real(), watch);
  network_.show_gradients(tape_, rows.all(), rows.real(), watch);
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
