#include "sparcell/ops/step.h"

#include "math/schedule.h"

namespace sparcell {

template <class T>
void cpu::begin_step(Context&, const StepPlan& plan, StepState<T>* state) {
  math::begin_step(plan, *state);
}
SPARCELL_INSTANTIATE(cpu::begin_step);

template <class T>
void cpu::end_step(Context&, std::int64_t updates, StepState<T>* state) {
  math::end_step(updates, *state);
}
SPARCELL_INSTANTIATE(cpu::end_step);

}  // namespace sparcell
