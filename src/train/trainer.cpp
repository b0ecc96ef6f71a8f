#include "train/trainer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>

#include "core/durations.h"
#include "train/batches.h"

namespace sparcell {
namespace {

using Clock = std::chrono::steady_clock;

double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void check_finite(const LossParts& losses, const char* cells, std::int64_t epoch) {
  for (const auto& [name, value] : losses) {
    if (!std::isfinite(value)) {
      throw NumericalError("epoch {}: the {} {} is {}; a lower learning rate or train.clip_norm may help",
                           epoch + 1, cells, name, std::isnan(value) ? "not a number" : "infinite");
    }
  }
}

}  // namespace

Trainer::Trainer(Context& context, Trainable<float>& model, const ModelOptions& options, const Split& split,
                 std::uint64_t seed)
    : context_(context),
      model_(model),
      options_(options),
      split_(split),
      seed_(seed),
      batches_(batch_count(static_cast<std::int64_t>(split.train.size()), options.train.batch)),
      plan_(make_plan()),
      order_(context, static_cast<std::int64_t>(split.train.size())),
      device_state_(context, 1),
      steps_(context, model, plan_, options.train.graph, options.train.branches, options.train.batch,
             order_.data(), device_state_.data()),
      step_time_(context, model.phases()),
      plateau_(options.train.schedule) {
  if (split.train.size() < 2)
    throw DataError("{} training cell: training needs at least 2", split.train.size());
  StepState<float> state;
  state.base_learning_rate = plan_.learning_rate;
  device_state_.upload({&state, 1});
}

StepPlan Trainer::make_plan() const {
  const bool variational = options_.type == ModelType::vae;
  return {.schedule = options_.train.schedule,
          .total_steps = options_.train.epochs * batches_,
          .learning_rate = options_.train.optimizer.learning_rate,
          .generator_learning_rate = options_.train.generator.learning_rate,
          .critic_learning_rate = options_.train.critic.learning_rate,
          .kl_weight = variational ? options_.kl.weight : 0,
          .kl_warmup = variational ? options_.kl.warmup : 0,
          .kl_by_step = options_.kl.warmup_unit == WarmupUnit::step};
}

std::int64_t Trainer::batch_rows(std::int64_t batch) const {
  const auto cells = static_cast<std::int64_t>(split_.train.size());
  return batch + 1 < batches_ ? options_.train.batch : cells - batch * options_.train.batch;
}

std::int64_t Trainer::begin_epoch(std::int64_t epoch) {
  model_.phases().enter(Phase::data);
  order_.upload(shuffled(split_.train, RandomStream(seed_, Purpose::shuffle, 0, nullptr, epoch)));
  StepState<float> state = device_state_.to_host().front();
  if (state.batch > 0) {  // of an epoch under way
    model_.phases().leave();
    return state.batch;
  }
  state.kl_progress = static_cast<double>(epoch) / static_cast<double>(options_.train.epochs);
  std::fill(std::begin(state.losses), std::end(state.losses), 0.0);
  device_state_.upload({&state, 1});
  model_.phases().leave();
  return 0;
}

void Trainer::run_steps(std::int64_t first, std::int64_t count, bool sample) {
  if (sample) {
    steps_.step(batch_rows(first));
  } else {
    // All batches have the same number of cells, but for the last.
    const std::int64_t last = first + count == batches_ ? 1 : 0;
    steps_.run(options_.train.batch, count - last);
    steps_.run(batch_rows(batches_ - 1), last);
  }
  context_.synchronize();
}

TrainResult Trainer::run(const TrainHooks& hooks) {
  struct AfterAnError {
    PhaseClock& phases;
    ~AfterAnError() { phases.abandon(); }
  } const after_an_error{model_.phases()};
  start_ = last_save_ = Clock::now();
  while (!finished()) {
    run_epoch(begin_epoch(epoch_), hooks);
    last_ = end_epoch(epoch_);
    ++epoch_;
    if (hooks.on_epoch) hooks.on_epoch(last_);
    const bool interrupted = hooks.interrupted && hooks.interrupted();
    if (finished() || interrupted || save_is_due(true)) save(hooks, finished() || interrupted);
    if (interrupted && !finished()) throw_interrupted();
  }
  return result();
}

TrainResult Trainer::result() const {
  TrainResult result{.epochs = epoch_,
                     .best_epoch = best_value_.epoch >= 0 ? best_value_.epoch : epoch_ - 1,
                     .stopped_early = stopped_early(),
                     .last = last_,
                     .steps = device_state_.to_host().front().step,
                     .seconds = seconds_since(start_),
                     .step_microseconds = 1e6 * median(step_seconds_),
                     .cells_per_second = 0,
                     .phases = step_time_.by_phase(),
                     .phase_samples = step_time_.samples()};
  const double busy = std::accumulate(step_seconds_.begin(), step_seconds_.end(), 0.0);
  const double taken = static_cast<double>(step_seconds_.size()) / static_cast<double>(batches_);  // epochs
  if (busy > 0) result.cells_per_second = static_cast<double>(split_.train.size()) * taken / busy;
  return result;
}

void Trainer::run_epoch(std::int64_t first, const TrainHooks& hooks) {
  while (first < batches_) {
    if (hooks.window && step_of(first) == hooks.window->first) hooks.window->begins();
    const bool sample = !hooks.window && step_time_.sample_is_due(first);
    const std::int64_t count = sample ? 1 : block_steps(first, hooks);
    const double seconds = step_time_.run(sample, [&] { run_steps(first, count, sample); });
    if (!sample) {
      step_seconds_.insert(step_seconds_.end(), static_cast<std::size_t>(count),
                           seconds / static_cast<double>(count));
    }
    first += count;
    if (hooks.window && step_of(first) == hooks.window->end) hooks.window->ends();
    if (first == batches_) return;  // the epoch is ended first: what it leaves is in no checkpoint
    const bool interrupted = hooks.interrupted && hooks.interrupted();
    if (interrupted || save_is_due(false)) save(hooks, interrupted);
    if (interrupted) throw_interrupted();
  }
}

std::int64_t Trainer::block_steps(std::int64_t batch, const TrainHooks& hooks) const {
  constexpr double block_seconds = 1;  // well below the 2 s that a signal may wait
  if (!context_.device().is_cuda() || step_seconds_.empty()) return 1;
  const double fitting = block_seconds / std::max(step_seconds_.back(), 1e-9);
  std::int64_t most = batches_ - batch;
  if (hooks.window) {
    for (const std::int64_t edge : {hooks.window->first, hooks.window->end}) {
      if (edge > step_of(batch)) most = std::min(most, edge - step_of(batch));
    }
  }
  return std::clamp<std::int64_t>(static_cast<std::int64_t>(fitting), 1, most);
}

bool Trainer::save_is_due(bool epoch_ended) const {
  const CheckpointEvery& every = options_.train.checkpoint.every;
  return save_waits_ || (epoch_ended && every.epochs > 0 && epoch_ % every.epochs == 0) ||
         (every.minutes > 0 && seconds_since(last_save_) > 60 * every.minutes);
}

void Trainer::save(const TrainHooks& hooks, bool now) {
  if (!hooks.save) return;
  save_waits_ = !now && hooks.save_later && hooks.save_later();
  if (save_waits_) return;
  model_.phases().enter(Phase::checkpoint);
  hooks.save();
  model_.phases().leave();
  last_save_ = Clock::now();
}

void Trainer::throw_interrupted() const {
  throw Interrupted("stopped by a signal in epoch {} of {}; the state is saved", epoch_ + 1,
                    options_.train.epochs);
}

bool Trainer::stopped_early() const {
  const std::int64_t patience = options_.train.early_stopping.patience;
  return epoch_ < options_.train.epochs && patience > 0 && best_value_.epoch >= 0 &&
         best_value_.epochs_since >= patience;
}

EpochRecord Trainer::end_epoch(std::int64_t epoch) {
  model_.phases().enter(Phase::evaluation);
  StepState<float> state = device_state_.to_host().front();
  EpochRecord record{
      .epoch = epoch, .step = state.step, .train = {}, .validation = {}, .diagnostics = model_.diagnostics()};
  record.train = model_.training_losses(state, static_cast<std::int64_t>(split_.train.size()), batches_);
  check_finite(record.train, "training", epoch);
  state.batch = 0;
  device_state_.upload({&state, 1});
  if (model_.has_validation_loss() && !split_.validation.empty()) {
    record.validation = validation_losses(epoch, static_cast<double>(state.kl_weight));
  }
  if (distance_) record.validation.emplace_back(distance_name_, distance_());
  if (!record.validation.empty()) {
    check_finite(record.validation, "validation", epoch);
    follow_validation(epoch, record.validation);
  }
  model_.phases().leave();
  return record;
}

bool Trainer::at_full_kl_weight(std::int64_t epoch) const {
  if (plan_.kl_warmup <= 0) return true;
  // The quotient of math::begin_step: a product would round to another side of the warm-up.
  const auto progress =
      plan_.kl_by_step
          ? static_cast<double>((epoch + 1) * batches_ - 1) / static_cast<double>(plan_.total_steps)
          : static_cast<double>(epoch) / static_cast<double>(options_.train.epochs);
  return progress >= plan_.kl_warmup;
}

void Trainer::follow_validation(std::int64_t epoch, const LossParts& validation) {
  if (options_.train.schedule.type == ScheduleType::plateau) {
    StepState<float> state = device_state_.to_host().front();
    const double loss = validation.front().second;
    state.base_learning_rate = plateau_.next(state.base_learning_rate, loss);
    device_state_.upload({&state, 1});
  }
  if (!at_full_kl_weight(epoch)) return;
  const double value = (distance_ ? validation.back() : validation.front()).second;
  if (best_value_.update(epoch, value, options_.train.early_stopping.min_delta)) {
    auto best = std::make_shared<TensorSnapshot>(snapshot(model_, false));
    best->epoch = epoch;
    best_ = std::move(best);
  }
}

LossParts Trainer::cell_losses(const std::vector<std::int32_t>& cells, RandomStream noise, double kl_weight) {
  const Buffer<std::int32_t> rows(context_, cells);
  const Buffer<double> sums(context_, loss_parts);
  const auto all = static_cast<std::int64_t>(cells.size());
  const std::int64_t size = options_.train.batch;
  std::int64_t done = 0;
  for (; done < all; ++noise.offset) {
    const std::int64_t count = std::min(size, all - done);
    model_.add_validation_sums({rows.data() + done, nullptr, 0, count}, noise, sums.data());
    done += count;
  }
  return model_.validation_losses(sums.to_host(), done, kl_weight);
}

LossParts Trainer::validation_losses(std::int64_t epoch, double kl_weight) {
  const RandomStream noise(seed_, Purpose::latent, 1, nullptr, epoch << 24);
  return cell_losses(split_.validation, noise, kl_weight);
}

LossParts Trainer::take_best() {
  sparcell::restore(model_, *best_);
  if (!model_.has_validation_loss()) return {};
  return validation_losses(best_->epoch, static_cast<float>(plan_.kl_weight));  // as the steps have it
}

LossParts Trainer::evaluate_cells(const std::vector<std::int32_t>& cells, std::uint32_t noise_index) {
  if (!model_.has_validation_loss() || cells.empty()) return {};
  return cell_losses(cells, RandomStream(seed_, Purpose::latent, noise_index), options_.kl.weight);
}

CheckpointState Trainer::state() const {
  return {.step = device_state_.to_host().front(),
          .epoch = epoch_,
          .plateau_best = plateau_.best,
          .plateau_bad_epochs = plateau_.bad_epochs,
          .best = best_value_,
          .last = last_};
}

CheckpointState Trainer::best_state() const {
  CheckpointState state;
  state.epoch = best_value_.epoch;
  state.step.step = (best_value_.epoch + 1) * batches_;
  state.best.value = best_value_.value;
  state.best.epoch = best_value_.epoch;
  return state;
}

void Trainer::restore(const Checkpoint& checkpoint) {
  sparcell::restore(model_, checkpoint.tensors);
  const CheckpointState& state = checkpoint.state;
  device_state_.upload({&state.step, 1});
  epoch_ = state.epoch;
  plateau_.best = state.plateau_best;
  plateau_.bad_epochs = state.plateau_bad_epochs;
  best_value_ = state.best;
  best_ = checkpoint.best;
  last_ = state.last;
}

}  // namespace sparcell
