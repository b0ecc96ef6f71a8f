#include "sparcell/ops/step.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void begin_step(Context& context, const StepPlan& plan, StepState<T>* state) {
  require(plan.total_steps > 0, "begin_step: a plan of {} steps", plan.total_steps);
  SPARCELL_DISPATCH(begin_step, context, plan, state);
}
SPARCELL_INSTANTIATE(begin_step);

template <class T>
void end_step(Context& context, std::int64_t updates, StepState<T>* state) {
  SPARCELL_DISPATCH(end_step, context, updates, state);
}
SPARCELL_INSTANTIATE(end_step);

}  // namespace sparcell
