#include "model/gan.h"

#include <algorithm>

#include "sparcell/core/branches.h"
#include "sparcell/ops/gather.h"
#include "sparcell/ops/optimizer.h"

namespace sparcell {
namespace {

enum LossSlot {
  critic_slot,
  penalty_slot,
  generator_slot,
  sparsity_slot,
  real_score_slot,
  generated_score_slot,
  critic_norm_slot,
  generator_norm_slot,
  scratch_slot,
  penalty_scratch_slot
};

/// Numbers of the dropout passes; critic.h has its own from 2 on.
enum Pass : std::uint32_t { generator_for_critic, generator_for_itself };

enum NetworkNumber : std::uint32_t { generator_number, critic_number };

constexpr std::int64_t smallest_capacity = 512;

template <class T>
Told<T> told_by(const ModelOptions& options, const DeviceData<T>& data) {
  return {data.conditions().cols, options.conditioning.products(), data.part_genes()};
}

}  // namespace

template <class T>
Gan<T>::Gan(Context& context, const ModelOptions& options, const DeviceData<T>& data, std::uint64_t seed)
    : context_(context),
      options_(options),
      data_(data),
      seed_(seed),
      capacity_(std::max(options.train.batch + 1, smallest_capacity)),
      generator_(context, options, data.genes(), told_by(options, data), seed, capacity_),
      critic_(context, options.gan, data.genes(), told_by(options, data), options.train.batch + 1, seed,
              critic_parameters_, critic_buffers_, this->phases_) {
  critic_parameters_.allocate(context, true);
  critic_buffers_.allocate(context, false);
}

template <class T>
std::vector<ParameterGroup<T>> Gan<T>::groups() {
  std::vector<ParameterGroup<T>> groups = generator_.groups();
  groups.insert(groups.begin() + 1, {"critic", &critic_parameters_, &critic_buffers_});
  return groups;
}

template <class T>
void Gan<T>::initialize() {
  generator_.initialize(generator_number);
  critic_.initialize(critic_number, options_.conditioning.embedding == EmbeddingOptions::one_hot);
}

template <class T>
void Gan<T>::begin_from(const TrainingStart& start) {
  generator_.begin_from(start);
  shown_conditions_ = start.conditions;
}

template <class T>
void Gan<T>::train_step(const BatchRows& rows, StepState<T>* state) {
  const bool per_iteration = options_.gan.latent_draw == LatentDraw::per_iteration;
  if (data_.conditions().cols > 0) {
    this->phases_.enter(Phase::data);
    critic_.input().take_conditions(data_.told(rows));
  }
  if (per_iteration) generator_.draw_input(rows.count, 0, &state->step);
  for (std::int64_t k = 0; k < options_.gan.critic_steps; ++k) critic_update(rows, state, k);
  generator_update(rows, state);
}

template <class T>
CriticLosses Gan<T>::losses_of(StepState<T>* state, std::int64_t k) const {
  // Only the last update's losses are recorded; the others go to a place that nobody reads.
  double* const losses = state->losses;
  if (k + 1 == options_.gan.critic_steps)
    return {&losses[critic_slot], &losses[penalty_slot], &losses[real_score_slot],
            &losses[generated_score_slot], &losses[critic_norm_slot]};
  double* const scratch = &losses[scratch_slot];
  return {scratch, &losses[penalty_scratch_slot], scratch, scratch, nullptr};
}

template <class T>
void Gan<T>::take_real_cells(const BatchRows& rows) {
  this->phases_.enter(Phase::data);
  gather_dense<T>(context_, data_.x(), rows, data_.standardization(), critic_.input().real_rows(rows.count));
  this->phases_.enter(Phase::forward);
}

template <class T>
MatrixView<T> Gan<T>::make_generated_cells(const BatchRows& rows, StepState<T>* state, std::int64_t k) {
  if (options_.gan.latent_draw == LatentDraw::per_update)
    generator_.draw_input(rows.count, 1, update(state, k));
  return generator_.run(data_.told(rows), generator_for_critic, update(state, k),
                        critic_.input().generated_rows(rows.count));
}

template <class T>
void Gan<T>::run_generator(const BatchRows& rows, StepState<T>* state) {
  if (options_.gan.latent_draw == LatentDraw::per_update) generator_.draw_input(rows.count, 0, &state->step);
  generated_ = generator_.run(data_.told(rows), generator_for_itself, &state->step, {});
}

template <class T>
void Gan<T>::critic_update(const BatchRows& rows, StepState<T>* state, std::int64_t k) {
  const CriticLosses losses = losses_of(state, k);
  MatrixView<T> generated;
  if (k == 0 || this->watch_) {
    beside(context_, [&] { take_real_cells(rows); });
    generated = make_generated_cells(rows, state, k);
    join(context_);
    critic_.input().finish_cells(rows.count, update(state, k));
  }
  const auto next = [&] {
    if (k + 1 == options_.gan.critic_steps) return run_generator(rows, state);
    take_real_cells(rows);
    make_generated_cells(rows, state, k + 1);
    critic_.input().finish_cells(rows.count, update(state, k + 1));
  };
  critic_.train_update(rows.count, update(state, k), losses, this->watch_ ? std::function<void()>() : next);
  if (this->watch_) {
    generator_.show_values(generated, this->watch_);
    critic_.show_update(rows.count, this->watch_);
    critic_parameters_.show_gradients(this->watch_);
  }
  this->phases_.enter(Phase::optimizer);
  // A norm costs a pass over the gradients: of updates that nobody reads it is left out.
  if (options_.train.clip_norm > 0 || losses.gradient_norm != nullptr) {
    clip_gradients<T>(context_, options_.train.clip_norm, critic_parameters_.gradients(),
                      losses.gradient_norm != nullptr ? losses.gradient_norm : &state->losses[scratch_slot]);
  }
  adam_step<T>(context_, options_.train.critic, &state->critic_learning_rate, update(state, k),
               critic_parameters_.values(), critic_parameters_.gradients(),
               critic_parameters_.first_moments(), critic_parameters_.second_moments());
}

template <class T>
void Gan<T>::generator_update(const BatchRows& cells, StepState<T>* state) {
  const std::int64_t rows = cells.count;
  this->phases_.enter(Phase::forward);
  if (this->watch_) run_generator(cells, state);
  critic_.generator_gradient(generated_, &state->step, &state->losses[generator_slot], generator_.grad(rows));
  generator_.backward(generated_, generator_for_itself, &state->step, &state->losses[sparsity_slot],
                      this->phases_);
  join(context_);
  if (this->watch_) {
    generator_.show_values(generated_, this->watch_);
    critic_.show_generator_pass(rows, this->watch_);
    generator_.show_gradients(rows, this->watch_);
  }
  beside(context_, [&] { end_step<T>(context_, options_.gan.critic_steps, state); });
  this->phases_.enter(Phase::optimizer);
  Arena<T>& parameters = generator_.parameters();
  clip_gradients<T>(context_, options_.train.clip_norm, parameters.gradients(),
                    &state->losses[generator_norm_slot]);
  adam_step<T>(context_, options_.train.generator, &state->generator_learning_rate, &state->taken,
               parameters.values(), parameters.gradients(), parameters.first_moments(),
               parameters.second_moments());
  generator_.update_average(&state->taken);
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
          {"critic_gap", mean(real_score_slot) - mean(generated_score_slot)},
          {"critic_gradient_norm", mean(critic_norm_slot)},
          {"generator_gradient_norm", mean(generator_norm_slot)},
          {"generator_learning_rate", static_cast<double>(state.generator_learning_rate)},
          {"critic_learning_rate", static_cast<double>(state.critic_learning_rate)}};
}

template <class T>
Matrix<T> Gan<T>::encode(const DeviceData<T>&, const BatchRows&) {
  throw UsageError("a GAN has no encoder: embed needs an autoencoder or a VAE");
}

template <class T>
Matrix<T> Gan<T>::generate(std::int64_t first, std::int64_t count, std::uint64_t seed,
                           const Csr<float>& conditions) {
  return generator_.generate(generator_.sample_input(first, count, seed), first, seed, conditions);
}

template <class T>
LossParts Gan<T>::diagnostics() {
  LossParts parts = critic_.sigmas();
  if (!generator_.makes_zeros()) return parts;
  const std::int64_t shown = data_.conditions().cols > 0 ? shown_conditions_.rows : shown_cells;
  const Matrix<T> cells = generate(0, shown, seed_, shown_conditions_);
  const auto zeros = std::count(cells.values.begin(), cells.values.end(), T(0));
  parts.emplace_back("zero_share", static_cast<double>(zeros) / static_cast<double>(cells.values.size()));
  return parts;
}

template class Gan<float>;
template class Gan<double>;

}  // namespace sparcell
