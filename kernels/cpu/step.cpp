#include "sparcell/ops/step.h"

#include "math/schedule.h"

namespace sparcell {

template <class T>
void cpu::begin_step(Context&, const StepPlan& plan, StepState<T>* state) {
  math::begin_step(plan, *state);
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
