// Training steps, one after another without the host.
#pragma once

#include <map>
#include <memory>

#include "model/trainable.h"

namespace sparcell {

/// Takes the steps of a training loop. The first step on a number of cells runs op by op and brings up all
/// memory that a step needs; later ones repeat recordings, of one step or of several, as train.graph says.
class StepRunner {
 public:
  /// `order` and `state` are device memory that lives as long as this; the plan is read at every step.
  /// `branches`: parts of a step may run side by side (train.branches).
  StepRunner(Context& context, Trainable<float>& model, const StepPlan& plan, GraphMode mode, bool branches,
             std::int64_t batch, const std::int32_t* order, StepState<float>* state);

  /// Queues `count` steps on the batches that follow, each of `rows` cells.
  void run(std::int64_t rows, std::int64_t count);

  /// Queues one step on `rows` cells op by op, whatever is recorded, and without branches: who waits for the
  /// device between its phases waits for all of a phase.
  void step(std::int64_t rows);

  /// Steps in one recording of several: enough for the gaps between launches not to count, few enough for the
  /// last ones of an epoch, which are taken one by one, to be a small part.
  static constexpr std::int64_t steps_recorded = 16;

 private:
  struct Recordings {
    std::unique_ptr<Recording> step, several;
  };

  void take(std::int64_t rows, bool branches);
  std::unique_ptr<Recording> record(std::int64_t rows, std::int64_t steps);

  Context& context_;
  Trainable<float>& model_;
  const StepPlan& plan_;
  GraphMode mode_;
  bool branches_;
  std::int64_t batch_;
  const std::int32_t* order_;
  StepState<float>* state_;
  std::map<std::int64_t, Recordings> recordings_;  ///< by number of cells
};

}  // namespace sparcell
