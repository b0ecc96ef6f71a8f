// Learning rates, the KL weight and the decay of averages as functions of the step.
#pragma once

#include <cmath>
#include <numbers>

#include "math/host_device.h"
#include "sparcell/ops/step.h"

namespace sparcell::math {

/// cos(pi x) for x in [0, 1].
SPARCELL_HD double cosine_of_pi(double x) {
#ifdef __CUDA_ARCH__
  return ::cospi(x);  // std::cos has a way for large arguments that takes local memory
#else
  return std::cos(std::numbers::pi * x);
#endif
}

/// base^exponent for exponent >= 0, by squares: the same bits on every device, and no long series on a GPU,
/// where a thread computes it while its block waits.
SPARCELL_HD double power(double base, std::int64_t exponent) {
  double out = 1;
  for (; exponent > 0; exponent /= 2) {
    if (exponent % 2 == 1) out *= base;
    base *= base;
  }
  return out;
}

/// The learning rate of one step.
SPARCELL_HD double rate_at(const ScheduleOptions& schedule, double rate, std::int64_t step,
                           std::int64_t total_steps) {
  if (schedule.type == ScheduleType::plateau) return rate;
  if (step < schedule.warmup_steps)
    return rate * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  if (schedule.type == ScheduleType::none) return rate;
  const double low = schedule.min_learning_rate < rate ? schedule.min_learning_rate : rate;
  if (schedule.type == ScheduleType::linear) {
    const double begin = schedule.decay_from * static_cast<double>(total_steps);
    const double past = (static_cast<double>(step) - begin) / (static_cast<double>(total_steps) - begin);
    return past <= 0 ? rate : low + (rate - low) * (past < 1 ? 1 - past : 0.0);
  }
  const std::int64_t steps = total_steps - schedule.warmup_steps;
  const double left = steps > 1 ? static_cast<double>(steps) : 1.0;
  const double done = static_cast<double>(step - schedule.warmup_steps) / left;
  const double progress = done < 1 ? done : 1;
  return low + (rate - low) * (1 + cosine_of_pi(progress)) / 2;
}

/// The decay of moving_average (sparcell/ops/optimizer.h) after `step` steps.
SPARCELL_HD double average_decay(double decay, std::int64_t step) {
  const auto s = static_cast<double>(step);
  const double young = s / (s + 10);
  return young < decay ? young : decay;
}

/// begin_step of sparcell/ops/step.h.
template <class T>
SPARCELL_HD void begin_step(const StepPlan& plan, StepState<T>& state) {
  const auto rate = [&](double base) {
    return static_cast<T>(rate_at(plan.schedule, base, state.step, plan.total_steps));
  };
  state.taken = state.step;
  state.learning_rate = rate(state.base_learning_rate);
  state.generator_learning_rate = rate(plan.generator_learning_rate);
  state.critic_learning_rate = rate(plan.critic_learning_rate);
  const double progress = plan.kl_by_step
                              ? static_cast<double>(state.step) / static_cast<double>(plan.total_steps)
                              : state.kl_progress;
  const double ramp = plan.kl_warmup > 0 && progress < plan.kl_warmup ? progress / plan.kl_warmup : 1.0;
  state.kl_weight = static_cast<T>(plan.kl_weight * ramp);
}

/// end_step of sparcell/ops/step.h.
template <class T>
SPARCELL_HD void end_step(std::int64_t updates, StepState<T>& state) {
  ++state.step;
  ++state.batch;
  state.update += updates;
}

}  // namespace sparcell::math
