#include "train/step_runner.h"

#include "sparcell/core/branches.h"
#include "sparcell/core/products.h"

namespace sparcell {

StepRunner::StepRunner(Context& context, Trainable<float>& model, const StepPlan& plan, GraphMode mode,
                       bool branches, std::int64_t batch, const std::int32_t* order, StepState<float>* state)
    : context_(context),
      model_(model),
      plan_(plan),
      mode_(mode),
      branches_(branches),
      batch_(batch),
      order_(order),
      state_(state) {}

void StepRunner::step(std::int64_t rows) { take(rows, false); }

void StepRunner::take(std::int64_t rows, bool branches) {
  allow_branches(context_, branches);
  const TrainingProducts as_options_say(context_);
  take_step<float>(context_, plan_, model_, {order_, &state_->batch, batch_, rows}, state_);
}

std::unique_ptr<Recording> StepRunner::record(std::int64_t rows, std::int64_t steps) {
  return context_.memory().record([this, rows, steps] {
    for (std::int64_t i = 0; i < steps; ++i) take(rows, branches_);
  });
}

void StepRunner::run(std::int64_t rows, std::int64_t count) {
  if (mode_ == GraphMode::off) {
    for (; count > 0; --count) take(rows, branches_);
    return;
  }
  auto found = recordings_.find(rows);
  if (found == recordings_.end() && count > 0) {
    take(rows, branches_);
    --count;
    found = recordings_.emplace(rows, Recordings{}).first;
  }
  for (; mode_ == GraphMode::run && count >= steps_recorded; count -= steps_recorded) {
    if (!found->second.several) found->second.several = record(rows, steps_recorded);
    found->second.several->run();
  }
  for (; count > 0; --count) {
    if (!found->second.step) found->second.step = record(rows, 1);
    found->second.step->run();
  }
}

}  // namespace sparcell
