#include "sparcell/ops/step.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace sparcell {
namespace {

/// The learning rate of one step.
double rate_at(const ScheduleOptions& schedule, double rate, std::int64_t step, std::int64_t total_steps) {
  if (schedule.type == ScheduleType::plateau) return rate;
  if (step < schedule.warmup_steps)
    return rate * static_cast<double>(step + 1) / static_cast<double>(schedule.warmup_steps);
  if (schedule.type == ScheduleType::none) return rate;
  const double left = static_cast<double>(std::max<std::int64_t>(total_steps - schedule.warmup_steps, 1));
  const double progress = std::min(1.0, static_cast<double>(step - schedule.warmup_steps) / left);
  const double low = std::min(schedule.min_learning_rate, rate);
  return low + (rate - low) * (1 + std::cos(std::numbers::pi * progress)) / 2;
}

}  // namespace

template <class T>
void cpu::begin_step(Context&, const StepPlan& plan, StepState<T>* state) {
  const auto rate = [&](double base) {
    return static_cast<T>(rate_at(plan.schedule, base, state->step, plan.total_steps));
  };
  state->learning_rate = rate(state->base_learning_rate);
  state->generator_learning_rate = rate(plan.generator_learning_rate);
  state->critic_learning_rate = rate(plan.critic_learning_rate);
  const double progress = plan.kl_by_step
                              ? static_cast<double>(state->step) / static_cast<double>(plan.total_steps)
                              : state->kl_progress;
  const double ramp = plan.kl_warmup > 0 ? std::min(progress / plan.kl_warmup, 1.0) : 1.0;
  state->kl_weight = static_cast<T>(plan.kl_weight * ramp);
}
SPARCELL_INSTANTIATE(cpu::begin_step);

template <class T>
void cpu::end_step(Context&, StepState<T>* state) {
  ++state->step;
  ++state->batch;
}
SPARCELL_INSTANTIATE(cpu::end_step);

template <class T>
void cpu::end_critic_update(Context&, StepState<T>* state) {
  ++state->update;
}
SPARCELL_INSTANTIATE(cpu::end_critic_update);

}  // namespace sparcell
