#include "sparcell/ops/step.h"

#include <numbers>

#include "ops/op_test.h"

namespace sparcell {
namespace {

template <class T>
struct Step : test::OpTest<T> {
  static constexpr double tolerance = test::few_roundings.of<T>();
  Context context = test::test_context();

  StepState<T> begun(const StepPlan& plan, StepState<T> state) {
    Buffer<StepState<T>> on_device(context, std::span<const StepState<T>>(&state, 1));
    begin_step<T>(context, plan, on_device.data());
    return on_device.to_host().at(0);
  }
  /// The autoencoder's rate of one step, its base being 2.
  double rate(const ScheduleOptions& schedule, std::int64_t step) {
    return begun({.schedule = schedule, .total_steps = 100}, {.step = step, .base_learning_rate = 2})
        .learning_rate;
  }
  double kl_weight(const StepPlan& plan, std::int64_t step, double progress) {
    return begun(plan, {.step = step, .kl_progress = progress}).kl_weight;
  }
};
TYPED_TEST_SUITE(Step, test::Scalars);

TYPED_TEST(Step, ConstantRatesRiseWhileWarmingUp) {
  EXPECT_EQ(this->rate({}, 0), 2);
  const ScheduleOptions schedule{.warmup_steps = 10};
  EXPECT_NEAR(this->rate(schedule, 0), 0.2, this->tolerance);
  EXPECT_NEAR(this->rate(schedule, 4), 1.0, this->tolerance);
  EXPECT_EQ(this->rate(schedule, 9), 2);
  EXPECT_EQ(this->rate(schedule, 10), 2);
  EXPECT_EQ(this->rate(schedule, 99), 2);
}

TYPED_TEST(Step, PlateauLeavesTheBaseRate) {
  const ScheduleOptions schedule{.type = ScheduleType::plateau, .warmup_steps = 10};
  for (std::int64_t step : {0, 5, 50}) EXPECT_EQ(this->rate(schedule, step), 2);
}

TYPED_TEST(Step, CosineFallsFromTheEndOfWarmUp) {
  const ScheduleOptions schedule{.type = ScheduleType::cosine, .min_learning_rate = 0.5, .warmup_steps = 20};
  EXPECT_NEAR(this->rate(schedule, 9), 1.0, this->tolerance);
  EXPECT_EQ(this->rate(schedule, 20), 2);
  EXPECT_NEAR(this->rate(schedule, 60), 1.25, this->tolerance);  // half way
  const double quarter = 0.5 + 1.5 * (1 + std::numbers::sqrt2 / 2) / 2;
  EXPECT_NEAR(this->rate(schedule, 40), quarter, 2 * this->tolerance);
  EXPECT_NEAR(this->rate(schedule, 100), 0.5, this->tolerance);
  EXPECT_NEAR(this->rate(schedule, 250), 0.5, this->tolerance) << "after the last step of the plan";
}

TYPED_TEST(Step, CosineOfARateBelowItsMinimumStays) {
  const ScheduleOptions schedule{.type = ScheduleType::cosine, .min_learning_rate = 3};
  for (std::int64_t step : {0, 50, 100}) EXPECT_NEAR(this->rate(schedule, step), 2, 2 * this->tolerance);
}

TYPED_TEST(Step, CosineWithoutStepsAfterWarmUp) {
  const ScheduleOptions schedule{.type = ScheduleType::cosine, .warmup_steps = 100};
  EXPECT_EQ(this->rate(schedule, 99), 2);
  EXPECT_EQ(this->rate(schedule, 100), 2);
  EXPECT_NEAR(this->rate(schedule, 101), 0, this->tolerance);
}

TYPED_TEST(Step, LinearFallsInTheLastPartOfTraining) {
  const ScheduleOptions schedule{
      .type = ScheduleType::linear, .min_learning_rate = 0.5, .warmup_steps = 10, .decay_from = 0.5};
  EXPECT_NEAR(this->rate(schedule, 4), 1.0, this->tolerance);
  for (std::int64_t step : {10, 30, 50}) EXPECT_EQ(this->rate(schedule, step), 2) << step;
  EXPECT_NEAR(this->rate(schedule, 75), 1.25, this->tolerance);  // half way
  EXPECT_NEAR(this->rate(schedule, 99), 0.5 + 1.5 / 50, this->tolerance);
  EXPECT_NEAR(this->rate(schedule, 250), 0.5, this->tolerance) << "after the last step of the plan";
  EXPECT_EQ(this->rate({.type = ScheduleType::linear, .min_learning_rate = 3, .decay_from = 0}, 60), 2);
}

TYPED_TEST(Step, RatesOfGeneratorAndCriticFollowTheSameSchedule) {
  const StepPlan plan{.schedule = {.warmup_steps = 4},
                      .total_steps = 100,
                      .generator_learning_rate = 0.5,
                      .critic_learning_rate = 0.25};
  const auto state = this->begun(plan, {.step = 1});
  EXPECT_EQ(state.generator_learning_rate, 0.25);
  EXPECT_EQ(state.critic_learning_rate, 0.125);
}

TYPED_TEST(Step, KlWeightRisesByStepOrByEpoch) {
  StepPlan plan{.schedule = {}, .total_steps = 100, .kl_weight = 0.5, .kl_warmup = 0.25, .kl_by_step = true};
  EXPECT_EQ(this->kl_weight(plan, 0, 0.9), 0);
  EXPECT_NEAR(this->kl_weight(plan, 10, 0.9), 0.2, this->tolerance);
  EXPECT_EQ(this->kl_weight(plan, 25, 0), 0.5);
  EXPECT_EQ(this->kl_weight(plan, 80, 0), 0.5);
  plan.kl_by_step = false;
  EXPECT_EQ(this->kl_weight(plan, 80, 0), 0);
  EXPECT_NEAR(this->kl_weight(plan, 80, 0.125), 0.25, this->tolerance);
  EXPECT_EQ(this->kl_weight(plan, 0, 1), 0.5);
  plan.kl_warmup = 0;
  EXPECT_EQ(this->kl_weight(plan, 0, 0), 0.5) << "without warm-up";
}

TYPED_TEST(Step, BeginningMovesNoCounter) {
  const StepState<TypeParam> before{
      .step = 7, .update = 5, .batch = 3, .base_learning_rate = 2, .losses = {1, 2}};
  const auto after = this->begun({.schedule = {}, .total_steps = 10}, before);
  EXPECT_EQ(after.step, 7);
  EXPECT_EQ(after.update, 5);
  EXPECT_EQ(after.batch, 3);
  EXPECT_EQ(after.base_learning_rate, 2);
  EXPECT_EQ(after.losses[0], 1);
  EXPECT_EQ(after.losses[1], 2);
}

TYPED_TEST(Step, AStepIsCountedWithItsUpdates) {
  using T = TypeParam;
  const StepState<T> before{.step = 7, .update = 5, .batch = 3, .taken = 7, .learning_rate = 2};
  Buffer<StepState<T>> state(this->context, std::span<const StepState<T>>(&before, 1));
  end_step<T>(this->context, 0, state.data());
  StepState<T> after = state.to_host().at(0);
  EXPECT_EQ(after.step, 8);
  EXPECT_EQ(after.batch, 4);
  EXPECT_EQ(after.update, 5);
  EXPECT_EQ(after.taken, 7);
  EXPECT_EQ(after.learning_rate, 2);
  end_step<T>(this->context, 2, state.data());
  after = state.to_host().at(0);
  EXPECT_EQ(after.step, 9);
  EXPECT_EQ(after.batch, 5);
  EXPECT_EQ(after.update, 7);
}

TYPED_TEST(Step, ABegunStepKeepsItsNumber) {
  EXPECT_EQ(this->begun({.schedule = {}, .total_steps = 100}, {.step = 7, .taken = 3}).taken, 7);
}

TYPED_TEST(Step, RefusesAPlanWithoutSteps) {
  EXPECT_THROW(this->begun({.schedule = {}, .total_steps = 0}, {}), InternalError);
}

}  // namespace
}  // namespace sparcell
