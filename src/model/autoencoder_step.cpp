// A training step of an autoencoder: through both networks, back through both, and Adam.
#include "model/autoencoder.h"
#include "sparcell/core/branches.h"
#include "sparcell/ops/optimizer.h"

namespace sparcell {

template <class T>
bool Autoencoder<T>::ends_in_error() const {
  return !likelihood_ && options_.output != OutputActivation::softplus;
}

template <class T>
void Autoencoder<T>::train_step(const BatchRows& rows, StepState<T>* state) {
  const std::int64_t n = rows.count;
  const Segment segment{.first = 0, .rows = n, .pass = 0, .step = &state->step, .slot = 0};
  Step step{.rows = rows, .seen = input_.seen(rows, &state->step), .segment = segment, .state = state};

  if (input_.prepares_weight_gradient()) {
    this->phases_.enter(Phase::data);
    input_.prepare_weight_gradient(step.seen);
  }
  step.z = run_encoder(data_, step.seen, segment, true);
  if (posterior_) {
    join(context_);  // for the KL weight and the log-variances
    step.z = posterior_->draw(step.noise(seed_), n,
                              {.weight = &state->kl_weight,
                               .kl = &state->losses[kl_slot],
                               .weighted_kl = &state->losses[weighted_kl_slot]});
  }

  step.decoder = {.rows = n,
                  .segments = {&step.segment, 1},
                  .skip_input = step.z,
                  .conditions = told(data_, rows, decoder_batch)};
  if (ends_in_error()) step.target = input_.dense_target(n);
  reconstruct(step);

  this->phases_.enter(Phase::backward);
  // The decoder's last layer, half of all weights, is finished first: its step of Adam goes beside the rest.
  const bool early = options_.train.clip_norm <= 0 && !this->watch_ && decoder_.size() > 1;
  backward(step, early);
  join(context_);
  if (this->watch_) show_step(step);
  beside(context_, [&] { end_step<T>(context_, 0, state); });
  this->phases_.enter(Phase::optimizer);
  if (options_.train.clip_norm > 0) {
    clip_gradients<T>(context_, options_.train.clip_norm, parameters_.gradients(),
                      &state->losses[gradient_norm_slot]);
  }
  const std::size_t end = parameters_.values().size();
  const Range done = early ? last_layer() : Range{end, end};
  optimize({0, done.first}, state);
  optimize({done.end, end}, state);
}

template <class T>
void Autoencoder<T>::reconstruct(const Step& step) {
  const std::int64_t n = step.rows.count;
  const LossTerm loss{.scale = loss_scale(),
                      .gradient_scale = loss_scale() / static_cast<double>(n),
                      .sum = &step.state->losses[reconstruction_slot]};
  decoder_.forward_hidden(context_, decoder_tape_, step.z, step.decoder);
  join(context_);  // dense rows of the batch, which the target and the way back are of
  if (step.target.data != nullptr) {
    this->phases_.enter(Phase::loss);
    return decoder_.output_error(context_, decoder_tape_, step.z, step.decoder,
                                 {options_.output, step.target, loss});
  }
  const MatrixView<T> prediction = decoder_.forward_last(context_, decoder_tape_, step.z, step.decoder,
                                                         {.without_bias = loss_adds_bias(mixes())});
  this->phases_.enter(Phase::loss);
  add_reconstruction(prediction, step.rows, mixes(), loss,
                     decoder_.gradient(decoder_tape_, decoder_.size() - 1, n));
}

template <class T>
void Autoencoder<T>::backward(const Step& step, bool early) {
  const std::int64_t n = step.rows.count;
  const int last_decoder = decoder_.size() - 1, last_encoder = encoder_.size() - 1;
  const MatrixView<T> at_encoder = encoder_.gradient(encoder_tape_, last_encoder, n);
  const MatrixView<T> grad_latent = posterior_ ? posterior_->grad(n) : at_encoder;
  const NetworkBatch<T> pass = encoder_pass(n, step.segment, true);
  // The gradient at z is that at the bias of an autoencoder's latent layer.
  const bool ends_encoder = !variational() && !decoder_.skips();
  decoder_.backward(
      context_, decoder_tape_, step.decoder,
      {.input = step.z,
       .grad_input = grad_latent,
       .grad_input_bias = ends_encoder ? encoder_.layer_gradients(last_encoder).bias : std::span<T>(),
       .grad_skip_input = grad_latent,
       .with_last_bias = step.target.data == nullptr,
       .finished = [&](int layer) {
         if (early && layer == last_decoder) optimize(last_layer(), step.state);
       }});
  if (posterior_) {
    posterior_->backward(step.noise(seed_), &step.state->kl_weight,
                         encoder_.output(encoder_tape_, last_encoder, 0, n), pass, at_encoder);
  }
  encoder_.backward(context_, encoder_tape_, pass,
                    {.input = input_.for_weight_gradient(step.seen),
                     .with_last_bias = !ends_encoder,
                     .ends_here = !pairs_});
  if (pairs_) {
    pairs_->backward(context_, decoder_batch, step.decoder.conditions);
    if (encoder_.conditioned()) pairs_->backward(context_, encoder_batch, told_encoder_);
  }
}

template <class T>
typename Autoencoder<T>::Range Autoencoder<T>::last_layer() const {
  const int layer = decoder_.size() - 1;
  const auto& weight = parameters_.tensors()[decoder_.weight_tensor(layer)];
  const auto& bias = parameters_.tensors()[decoder_.bias_tensor(layer)];
  return {static_cast<std::size_t>(weight.offset), static_cast<std::size_t>(parameters_.end_of(bias))};
}

template <class T>
void Autoencoder<T>::optimize(Range range, StepState<T>* state) {
  if (range.first == range.end) return;
  const auto part = [&](std::span<T> all) { return all.subspan(range.first, range.end - range.first); };
  adam_step<T>(context_, options_.train.optimizer, &state->learning_rate, &state->taken,
               part(parameters_.values()), part(parameters_.gradients()), part(parameters_.first_moments()),
               part(parameters_.second_moments()));
}

template <class T>
void Autoencoder<T>::show_step(const Step& step) {
  const Watch<T>& watch = this->watch_;
  const std::int64_t rows = step.rows.count;
  encoder_.show_values(encoder_tape_, rows, 0, watch);
  if (posterior_) posterior_->show_values(rows, watch);
  // A loss does not write down what it makes of the last layer, and a likelihood may write over it.
  if (step.target.data != nullptr || loss_adds_bias(mixes()) || likelihood_)
    decoder_.forward_last(context_, decoder_tape_, step.z, step.decoder);
  decoder_.show_values(decoder_tape_, rows, 0, watch);
  decoder_.show_gradients(decoder_tape_, rows, 0, watch);
  if (posterior_) posterior_->show_gradients(rows, watch);
  encoder_.show_gradients(encoder_tape_, rows, 0, watch);
  parameters_.show_gradients(watch);
}

template <class T>
LossParts Autoencoder<T>::training_losses(const StepState<T>& state, std::int64_t cells,
                                          std::int64_t batches) const {
  const auto per_cell = [&](LossSlot slot) { return state.losses[slot] / static_cast<double>(cells); };
  LossParts parts{{"loss", per_cell(reconstruction_slot) + per_cell(weighted_kl_slot)}};
  if (variational()) {
    parts.emplace_back("reconstruction", per_cell(reconstruction_slot));
    parts.emplace_back("kl", per_cell(kl_slot));
    parts.emplace_back("kl_weight", static_cast<double>(state.kl_weight));
  }
  if (options_.train.clip_norm > 0) {
    parts.emplace_back("gradient_norm", state.losses[gradient_norm_slot] / static_cast<double>(batches));
  }
  parts.emplace_back("learning_rate", static_cast<double>(state.learning_rate));
  return parts;
}

template class Autoencoder<float>;
template class Autoencoder<double>;

}  // namespace sparcell
