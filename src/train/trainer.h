// The training loop: shuffles, runs steps, looks at validation cells once an epoch, decides, saves.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/trainable.h"
#include "sparcell/split.h"
#include "train/checkpoint.h"
#include "train/schedule.h"
#include "train/step_runner.h"
#include "train/step_time.h"

namespace sparcell {

struct TrainResult {
  std::int64_t epochs = 0;  ///< taken
  std::int64_t best_epoch =
      0;  ///< the best at full KL weight by what training is monitored by; the last one without that
  bool stopped_early = false;  ///< before the last of the epochs that were asked for
  EpochRecord last;
  std::int64_t steps = 0;
  double seconds = 0;
  double step_microseconds = 0;  ///< median of steps without evaluation
  double cells_per_second = 0;
  PhaseSeconds phases{};
  std::optional<std::int64_t> phase_samples;  ///< on a GPU: steps that the phases come from (StepTime)
};

/// The first value of a training that is not finite.
struct NonFinite {
  std::string tensor;                           ///< and what of it
  std::int64_t step = 0, epoch = 0, batch = 0;  ///< counted from 0
  std::int64_t values = 0;                      ///< of the tensor that are not finite
  std::vector<std::int32_t> cells;  ///< whose rows they are in; empty where rows of the tensor are no cells
};

/// Steps whose begin and end the caller is told, as a profiler's: [first, end), counted from 0 over all
/// epochs.
struct StepWindow {
  std::int64_t first = 0, end = 0;
  std::function<void()> begins, ends;  ///< called when all steps before are done
};

/// What the loop tells its caller, and asks.
struct TrainHooks {
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<void()> save;  ///< asked for at checkpoints, where `interrupted`, and at the end
  std::function<bool()>
      save_later;  ///< whether a checkpoint that is due had better wait; not asked at the end
  std::function<bool()> interrupted;      ///< polled between steps
  std::optional<StepWindow> window = {};  ///< with one no step is sampled: all are taken as train.graph says
};

/// One model's training from the start (or from a checkpoint) to its end.
class Trainer {
 public:
  Trainer(Context& context, Trainable<float>& model, const ModelOptions& options, const Split& split,
          std::uint64_t seed);

  /// Goes on from there: writes the model's tensors and the state of the loop. Throws DataError for a tensor
  /// that is missing or of another shape.
  void restore(const Checkpoint& checkpoint);
  /// Whether all epochs are taken or training stopped early.
  bool finished() const { return epoch_ >= options_.train.epochs || stopped_early(); }
  /// Whether patience ended before the epochs did.
  bool stopped_early() const;

  /// What epochs are compared by in place of the validation loss, smaller being better: measured on the
  /// model's weights as they stand, and recorded as `name` of the validation cells.
  void monitor(std::string name, std::function<double()> distance) {
    distance_name_ = std::move(name);
    distance_ = std::move(distance);
  }

  /// Throws NumericalError with epoch and loss for a loss that is not finite, Interrupted after saving where
  /// `interrupted` says so. Does nothing where training is finished.
  TrainResult run(const TrainHooks& hooks);
  /// What `run` returns, as it stands now.
  TrainResult result() const;

  /// Takes the steps from here to the end of `epoch` with a look at everything that they compute. Nothing
  /// where all of it is finite.
  std::optional<NonFinite> find_non_finite(std::int64_t epoch);

  /// Everything that a checkpoint holds beside tensors, as it stands now.
  CheckpointState state() const;
  /// The tensors of the best epoch; null before one, and for models without a validation loss or distance.
  const std::shared_ptr<const TensorSnapshot>& best() const { return best_; }
  /// Gives the model these tensors. Returns the losses of the validation cells, those of that epoch again.
  LossParts take_best();
  /// The state that belongs to them, for a checkpoint of their own.
  CheckpointState best_state() const;

  /// Loss parts of cells in evaluation mode, with the full KL weight.
  LossParts evaluate_cells(const std::vector<std::int32_t>& cells, std::uint32_t noise_index);

 private:
  /// Prepares the epoch, or the rest of one that a checkpoint interrupted. Returns its first batch.
  std::int64_t begin_epoch(std::int64_t epoch);
  void run_epoch(std::int64_t first, const TrainHooks& hooks);
  /// Steps between two looks at the hooks, from `batch` on.
  std::int64_t block_steps(std::int64_t batch, const TrainHooks& hooks) const;
  /// The number of a batch's step, from 0 over all epochs.
  std::int64_t step_of(std::int64_t batch) const { return epoch_ * batches_ + batch; }
  void save(const TrainHooks& hooks, bool now);
  [[noreturn]] void throw_interrupted() const;
  bool save_is_due(bool epoch_ended) const;
  void run_steps(std::int64_t first, std::int64_t count, bool sample);
  std::int64_t batch_rows(std::int64_t batch) const;
  LossParts cell_losses(const std::vector<std::int32_t>& cells, RandomStream noise, double kl_weight);
  EpochRecord end_epoch(std::int64_t epoch);
  /// With the draws of that epoch.
  LossParts validation_losses(std::int64_t epoch, double kl_weight);
  void follow_validation(std::int64_t epoch, const LossParts& validation);
  bool at_full_kl_weight(std::int64_t epoch) const;
  StepPlan make_plan() const;

  Context& context_;
  Trainable<float>& model_;
  const ModelOptions& options_;
  const Split& split_;
  const std::uint64_t seed_;
  std::int64_t batches_;
  StepPlan plan_;
  Buffer<std::int32_t> order_;
  Buffer<StepState<float>> device_state_;
  StepRunner steps_;
  StepTime step_time_;
  std::int64_t epoch_ = 0;
  EpochRecord last_;
  PlateauSchedule plateau_;
  BestValue best_value_;
  std::string distance_name_;
  std::function<double()> distance_;
  std::shared_ptr<const TensorSnapshot> best_;
  std::vector<double> step_seconds_;  ///< without samples
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_save_;
  bool save_waits_ = false;  ///< of an epoch's end: a checkpoint was due and put off
};

}  // namespace sparcell
