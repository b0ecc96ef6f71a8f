// The state of a training loop, moved by one thread where it lies.
#include "sparcell/ops/step.h"

#include "device/launch.h"
#include "math/schedule.h"

namespace sparcell {
namespace kernels::step {

__global__ void begin_step(StepPlan plan, StepState<float>* state) { math::begin_step(plan, *state); }

__global__ void end_step(std::int64_t updates, StepState<float>* state) { math::end_step(updates, *state); }

}  // namespace kernels::step

template <class T>
void cuda::begin_step(Context& context, const StepPlan& plan, StepState<T>* state) {
  device::launch(kernels::step::begin_step, {.stream = device::stream_of(context)}, plan, state);
}
SPARCELL_INSTANTIATE_CUDA(cuda::begin_step);

template <class T>
void cuda::end_step(Context& context, std::int64_t updates, StepState<T>* state) {
  device::launch(kernels::step::end_step, {.stream = device::stream_of(context)}, updates, state);
}
SPARCELL_INSTANTIATE_CUDA(cuda::end_step);

}  // namespace sparcell
