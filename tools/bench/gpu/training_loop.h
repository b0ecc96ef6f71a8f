// Training steps as the training loop takes them: recorded, repeated, with data, order and counters on the
// device.
#pragma once

#include <algorithm>

#include "../new_models.h"
#include "row.h"
#include "train/step_runner.h"

namespace sparcell::bench_gpu {

inline constexpr std::uint64_t seed = 1;

struct TrainingCase {
  std::string size;
  std::int64_t genes, cells, steps;  ///< steps of a turn
  ModelOptions options;
  std::int64_t compared = 10;  ///< steps whose losses are compared with f64, which takes its time
  bool of_counts = false;  ///< cells are those of bench::count_cells, and the model begins from them

  std::int64_t batch() const { return options.train.batch; }
};

/// Losses of steps, by name.
using Losses = std::vector<std::pair<std::string, std::vector<double>>>;

/// Adds those of one step.
void add_losses(const LossParts& parts, Losses& losses);

/// A model and its loop on one device, in one precision.
template <class T>
class Loop {
 public:
  Loop(Context& context, const TrainingCase& c, const bench::CountCells& cells,
       const std::vector<std::int32_t>& order)
      : context_(context),
        case_(c),
        data_(bench::data_for<T>(context, case_.options, cells)),
        model_(make_model<T>(context, case_.options, data_, seed)),
        order_(context, order),
        state_(context, 1) {
    model_->initialize();
    if (c.of_counts) model_->begin_from(bench::start_from(cells));
    plan_.total_steps = 1'000'000'000;
    plan_.learning_rate = c.options.train.optimizer.learning_rate;
    plan_.generator_learning_rate = c.options.train.generator.learning_rate;
    plan_.critic_learning_rate = c.options.train.critic.learning_rate;
    plan_.kl_weight = c.options.kl.weight;
  }

  Trainable<T>& model() { return *model_; }

  void step() {
    take_step<T>(context_, plan_, *model_,
                 {order_.data(), &state_.data()->batch, case_.batch(), case_.batch()}, state_.data());
  }

  /// The next batch is that one; loss sums begin anew.
  void go_to(std::int64_t batch) {
    StepState<T> state = state_.to_host().front();
    state.base_learning_rate = plan_.learning_rate;
    state.batch = batch;
    std::fill(std::begin(state.losses), std::end(state.losses), 0.0);
    state_.upload({&state, 1});
  }

  /// `take` takes one step.
  Losses first_losses(const std::function<void()>& take) {
    Losses losses;
    for (std::int64_t i = 0; i < case_.compared; ++i) {
      go_to(i);
      take();
      add_losses(model_->training_losses(state_.to_host().front(), case_.batch(), 1), losses);
    }
    return losses;
  }

  StepRunner runner(GraphMode mode) requires std::is_same_v<T, float> {
    return {context_,      *model_,       plan_,        mode, case_.options.train.branches,
            case_.batch(), order_.data(), state_.data()};
  }

 private:
  Context& context_;
  const TrainingCase case_;
  DeviceData<T> data_;
  std::unique_ptr<Trainable<T>> model_;
  Buffer<std::int32_t> order_;
  Buffer<StepState<T>> state_;
  StepPlan plan_;
};

/// A row's model on the device with data and order, compared: `error` is of the losses of its first
/// steps.
struct Training {
  TrainingCase c;
  std::shared_ptr<Loop<float>> loop;
  double error;
  Json peer;

  Training(Surroundings& s, TrainingCase given);
  /// Steps of the loop, recorded as the training loop records them.
  Variant variant(const std::string& name) const;
};

}  // namespace sparcell::bench_gpu
