// What changes from step to step, in device memory.
#pragma once

#include "sparcell/ops/op.h"
#include "sparcell/ops/optimizer_options.h"

namespace sparcell {

inline constexpr int loss_parts = 16;

/// The state of one training loop. The host writes it before an epoch and reads it after; steps move it on
/// the device.
template <class T>
struct StepState {
  std::int64_t step = 0;          ///< steps taken since the start of training
  std::int64_t update = 0;        ///< critic updates taken in these (GAN)
  std::int64_t batch = 0;         ///< batch within the epoch
  std::int64_t taken = 0;         ///< `step` as begin_step found it: stays while end_step counts
  double base_learning_rate = 0;  ///< before warm-up and cosine: what the plateau schedule cuts
  double kl_progress = 0;         ///< share of training that lies behind, where the weight moves by epoch
  T learning_rate = 0;            ///< of this step
  T generator_learning_rate = 0;
  T critic_learning_rate = 0;
  T kl_weight = 0;
  double losses[loss_parts] = {};  ///< sums since the host last set them to zero
};

/// How rates and weights follow from the step.
struct StepPlan {
  ScheduleOptions schedule;
  std::int64_t total_steps = 0;
  double learning_rate = 0;  ///< of autoencoders, at the start
  double generator_learning_rate = 0;
  double critic_learning_rate = 0;
  double kl_weight = 0;
  double kl_warmup = 0;  ///< share of training
  bool kl_by_step = false;
};

/// Sets the rates and the KL weight for state->step, and state->taken to it. Rates: those of the plan (of
/// autoencoders state->base_learning_rate) times min((step + 1) / warmup_steps, 1); under cosine from the end
/// of warm-up min + (rate - min) (1 + cos(pi progress)) / 2; under linear from the share `decay_from` of all
/// steps on straight down to min; under plateau as they are, without warm-up. KL weight times min(progress /
/// warmup, 1), progress = step / total_steps or kl_progress. Requires: plan.total_steps > 0.
SPARCELL_OP(begin_step, (Context & context, const StepPlan& plan, StepState<T>* state))

/// Counts a step and its `updates` of the critic: ++state->step, ++state->batch, state->update += updates.
/// May run beside what reads none of these.
SPARCELL_OP(end_step, (Context & context, std::int64_t updates, StepState<T>* state))

}  // namespace sparcell
