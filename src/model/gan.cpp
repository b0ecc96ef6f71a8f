#include "model/gan.h"

#include <algorithm>

#include "sparcell/core/branches.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/optimizer.h"
#include "sparcell/ops/random.h"

namespace sparcell {
namespace {

enum LossSlot {
  critic_slot,
  penalty_slot,
  generator_slot,
  sparsity_slot,
  real_score_slot,
  generated_score_slot,
  scratch_slot
};

/// Numbers of the dropout passes; critic.h has its own from 2 on.
enum Pass : std::uint32_t { generator_for_critic, generator_for_itself };

enum NetworkNumber : std::uint32_t { generator_number, critic_number };

constexpr std::int64_t smallest_capacity = 512;

std::vector<LayerShape> generator_layers(const ModelOptions& options, std::int64_t genes) {
  std::vector<LayerShape> layers = hidden_layers(options.gan.generator, options.latent);
  layers.push_back(linear_layer(layers.empty() ? options.latent : layers.back().out, genes));
  return layers;
}

}  // namespace

template <class T>
Gan<T>::Gan(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed)
    : context_(context),
      options_(options),
      data_(data),
      seed_(seed),
      capacity_(std::max(options.train.batch + 1, smallest_capacity)),
      generator_("generator", generator_layers(options, data.genes()), 0, generator_parameters_,
                 generator_buffers_),
      critic_(options.gan, data.genes(), seed, critic_parameters_, critic_buffers_, this->phases_) {
  generator_parameters_.allocate(context, true);
  generator_buffers_.allocate(context, false);
  critic_parameters_.allocate(context, true);
  critic_buffers_.allocate(context, false);
  generator_tape_ = generator_.make_tape(context, capacity_, 1);
  critic_.make_tape(context, options.train.batch + 1);
  z_ = Buffer<T>(context, capacity_ * options.latent);
}

template <class T>
void Gan<T>::initialize() {
  generator_.initialize(seed_, generator_number);
  critic_.initialize(critic_number);
}

template <class T>
void Gan<T>::draw_latents(std::int64_t rows, std::uint32_t index, const std::int64_t* step) {
  fill_normal<T>(context_, RandomStream(seed_, Purpose::generator_input, index, step), T(1),
                 {z_.data(), static_cast<std::size_t>(rows * options_.latent)});
}

template <class T>
MatrixView<T> Gan<T>::run_generator(std::int64_t rows, std::uint32_t pass, const std::int64_t* step,
                                    MatrixView<T> out) {
  const Segment segment{.first = 0, .rows = rows, .pass = pass, .step = step, .slot = 0};
  return generator_.forward(context_, generator_tape_, MatrixView<const T>(z_.data(), rows, options_.latent),
                            rows, {&segment, 1}, seed_, true, {.out = out});
}

template <class T>
void Gan<T>::train_step(const BatchRows& rows, StepState<T>* state) {
  const bool per_iteration = options_.gan.latent_draw == LatentDraw::per_iteration;
  if (per_iteration) draw_latents(rows.count, 0, &state->step);
  for (std::int64_t update = 0; update < options_.gan.critic_steps; ++update) {
    // Only the last update's losses are recorded; the others go to a place that nobody reads.
    const bool last = update + 1 == options_.gan.critic_steps;
    double* losses = state->losses;
    CriticLosses recorded{&losses[critic_slot], &losses[penalty_slot], &losses[real_score_slot],
                          &losses[generated_score_slot]};
    double* scratch = &losses[scratch_slot];
    critic_update(rows, state, last ? recorded : CriticLosses{scratch, scratch, scratch, scratch});
  }
  if (!per_iteration) draw_latents(rows.count, 0, &state->step);
  generator_update(rows.count, state);
}

template <class T>
void Gan<T>::critic_update(const BatchRows& rows, StepState<T>* state, CriticLosses losses) {
  if (options_.gan.latent_draw == LatentDraw::per_update) draw_latents(rows.count, 1, &state->update);
  beside(context_, [&] {
    this->phases_.enter(Phase::data);
    gather_dense<T>(context_, data_.x(), rows, data_.mean(), data_.inverse_scale(),
                    critic_.real_rows(rows.count));
    this->phases_.enter(Phase::forward);
    critic_.prepare_update();
  });
  const MatrixView<T> generated =
      run_generator(rows.count, generator_for_critic, &state->update, critic_.generated_rows(rows.count));
  join(context_);
  critic_.train_update(rows.count, &state->update, losses);
  if (this->watch_) {
    generator_.show_values(generator_tape_, rows.count, -1, this->watch_, generated);
    critic_.show_update(rows.count, this->watch_);
    critic_parameters_.show_gradients(this->watch_);
  }
  this->phases_.enter(Phase::optimizer);
  if (options_.train.clip_norm > 0) {
    clip_gradients<T>(context_, options_.train.clip_norm, critic_parameters_.gradients(),
                      &state->losses[scratch_slot]);
  }
  adam_step<T>(context_, options_.train.critic, &state->critic_learning_rate, &state->update,
               critic_parameters_.values(), critic_parameters_.gradients(),
               critic_parameters_.first_moments(), critic_parameters_.second_moments());
  end_critic_update<T>(context_, state);
}

template <class T>
void Gan<T>::generator_update(std::int64_t rows, StepState<T>* state) {
  this->phases_.enter(Phase::forward);
  beside(context_, [&] { critic_.prepare_generator_pass(); });
  const MatrixView<T> generated = run_generator(rows, generator_for_itself, &state->step, {});
  join(context_);
  const MatrixView<T> grad = generator_.rows_of(generator_tape_.back().grad, generator_.size() - 1, 0, rows);
  critic_.generator_gradient(generated, &state->step, &state->losses[generator_slot], grad);
  this->phases_.enter(Phase::loss);
  const double scale = 1.0 / static_cast<double>(rows * data_.genes());
  absolute_value<T>(context_, generated, scale, options_.gan.sparsity.weight * scale,
                    &state->losses[sparsity_slot], grad);
  const Segment segment{
      .first = 0, .rows = rows, .pass = generator_for_itself, .step = &state->step, .slot = 0};
  this->phases_.enter(Phase::backward);
  generator_.backward(context_, generator_tape_, MatrixView<const T>(z_.data(), rows, options_.latent), rows,
                      {&segment, 1}, seed_, true, {});
  join(context_);
  if (this->watch_) {
    generator_.show_values(generator_tape_, rows, -1, this->watch_);
    critic_.show_generator_pass(rows, this->watch_);
    generator_.show_gradients(generator_tape_, rows, -1, this->watch_);
    generator_parameters_.show_gradients(this->watch_);
  }
  this->phases_.enter(Phase::optimizer);
  if (options_.train.clip_norm > 0) {
    clip_gradients<T>(context_, options_.train.clip_norm, generator_parameters_.gradients(),
                      &state->losses[scratch_slot]);
  }
  adam_step<T>(context_, options_.train.generator, &state->generator_learning_rate, &state->step,
               generator_parameters_.values(), generator_parameters_.gradients(),
               generator_parameters_.first_moments(), generator_parameters_.second_moments());
}

template <class T>
LossParts Gan<T>::training_losses(const StepState<T>& state, std::int64_t, std::int64_t batches) const {
  const auto mean = [&](LossSlot slot) { return state.losses[slot] / static_cast<double>(batches); };
  return {{"discriminator", mean(critic_slot) + options_.gan.gradient_penalty.weight * mean(penalty_slot)},
          {"generator", mean(generator_slot) + options_.gan.sparsity.weight * mean(sparsity_slot)},
          {"penalty", mean(penalty_slot)},
          {"sparsity", mean(sparsity_slot)},
          {"real_score", mean(real_score_slot)},
          {"generated_score", mean(generated_score_slot)},
          {"generator_learning_rate", static_cast<double>(state.generator_learning_rate)},
          {"critic_learning_rate", static_cast<double>(state.critic_learning_rate)}};
}

template <class T>
Matrix<T> Gan<T>::encode(const DeviceData<T>&, const BatchRows&) {
  throw UsageError("a GAN has no encoder: embed needs an autoencoder or a VAE");
}

template <class T>
Matrix<T> Gan<T>::decode(const Matrix<T>& latent, const Csr<float>&) {
  require(latent.rows <= capacity_, "decode: {} rows, at most {}", latent.rows, capacity_);
  const Buffer<T> z(context_, latent.values);
  const Segment segment{.rows = latent.rows};
  const MatrixView<T> out =
      generator_.forward(context_, generator_tape_, MatrixView<const T>(z.data(), latent.rows, latent.cols),
                         latent.rows, {&segment, 1}, seed_, false);
  Matrix<T> host(out.rows, out.cols);
  context_.memory().copy_to_host(host.values.data(), out.data, host.values.size() * sizeof(T));
  return host;
}

template class Gan<float>;
template class Gan<double>;

}  // namespace sparcell
