// The training loop: shuffles, runs steps, looks at validation cells once an epoch, decides, saves.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "model/trainable.h"
#include "sparcell/split.h"
#include "train/checkpoint.h"
#include "train/schedule.h"
#include "train/step_runner.h"

namespace sparcell {

/// What an epoch left.
struct EpochRecord {
  std::int64_t epoch = 0;  ///< counted from 0
  std::int64_t step = 0;   ///< steps taken by its end
  LossParts train, validation, diagnostics;
};

struct TrainResult {
  std::int64_t epochs = 0;  ///< taken
  std::int64_t best_epoch =
      0;  ///< with the lowest validation loss at full KL weight; the last one without such a loss
  EpochRecord last;
  std::int64_t steps = 0;
  double seconds = 0;
  double step_microseconds = 0;  ///< median of steps without evaluation
  double cells_per_second = 0;
};

/// What the loop tells its caller, and asks.
struct TrainHooks {
  std::function<void(const EpochRecord&)> on_epoch;
  std::function<void()> save;         ///< asked for at checkpoints and at the end
  std::function<bool()> interrupted;  ///< polled between steps
};

/// One model's training from the start (or from a restored state) to its end.
class Trainer {
 public:
  Trainer(Context& context, Trainable<float>& model, const ModelOptions& options, const Split& split,
          std::uint64_t seed);

  /// Throws NumericalError with epoch and loss for a loss that is not finite, Interrupted after saving where
  /// `interrupted` says so.
  TrainResult run(const TrainHooks& hooks);

  /// Everything that a resumed run needs, as it stands now.
  CheckpointState state() const;
  /// The tensors of the best epoch; empty before one, and for models without a validation loss.
  const std::optional<TensorSnapshot>& best() const { return best_; }

  /// Loss parts of cells in evaluation mode, with the full KL weight.
  LossParts evaluate_cells(const std::vector<std::int32_t>& cells, std::uint32_t noise_index);

 private:
  void begin_epoch(std::int64_t epoch);
  void run_steps(std::int64_t first, std::int64_t count);
  std::int64_t batch_rows(std::int64_t batch) const;
  LossParts cell_losses(const std::vector<std::int32_t>& cells, RandomStream noise, double kl_weight);
  EpochRecord end_epoch(std::int64_t epoch);
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
  std::int64_t epoch_ = 0;
  PlateauSchedule plateau_;
  BestValue best_value_;
  std::optional<TensorSnapshot> best_;
  std::vector<double> step_seconds_;
};

/// How many batches n cells make; a last batch of one cell joins the one before it.
std::int64_t batch_count(std::int64_t cells, std::int64_t batch);

/// A keyed permutation of the cells: sorted by their 64-bit Philox keys.
std::vector<std::int32_t> shuffled(const std::vector<std::int32_t>& cells, const RandomStream& stream);

}  // namespace sparcell
