// Learning rates against PyTorch's schedulers (tests/golden/schedules.json, made by
// tools/golden/schedules.py), the KL weight's ramps against their formulas, and the decisions over validation
// losses.
#include "train/schedule.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "sparcell/ops/step.h"

namespace sparcell {
namespace {

nlohmann::json golden(const char* kind) {
  return nlohmann::json::parse(std::ifstream("tests/golden/schedules.json")).at(kind);
}

/// The state of step number `step` after begin_step.
StepState<double> begun(const StepPlan& plan, std::int64_t step, double kl_progress = 0,
                        double base_learning_rate = 1e-3) {
  Context context({}, 1);
  Buffer<StepState<double>> device(context, 1);
  StepState<double> state;
  state.step = step;
  state.kl_progress = kl_progress;
  state.base_learning_rate = base_learning_rate;
  device.upload({&state, 1});
  begin_step<double>(context, plan, device.data());
  return device.to_host().front();
}

TEST(PlateauSchedule, CutsAsReduceLROnPlateau) {
  for (const auto& run : golden("plateau")) {
    SCOPED_TRACE(run.dump().substr(0, 100));
    PlateauSchedule schedule({.type = ScheduleType::plateau,
                              .factor = run.at("factor"),
                              .patience = run.at("patience"),
                              .threshold = run.at("threshold"),
                              .min_learning_rate = run.at("min_learning_rate")});
    double rate = run.at("learning_rate");
    for (std::size_t epoch = 0; epoch < run.at("losses").size(); ++epoch) {
      rate = schedule.next(rate, run.at("losses")[epoch]);
      ASSERT_DOUBLE_EQ(rate, run.at("rates")[epoch].get<double>()) << "epoch " << epoch;
    }
  }
}

TEST(CosineSchedule, FollowsLinearWarmupAndCosineAnnealing) {
  for (const auto& run : golden("cosine")) {
    SCOPED_TRACE(run.dump().substr(0, 100));
    const double rate = run.at("learning_rate");
    StepPlan plan{.schedule = {.type = ScheduleType::cosine,
                               .min_learning_rate = run.at("min_learning_rate"),
                               .warmup_steps = run.at("warmup_steps")},
                  .total_steps = run.at("total_steps")};
    plan.generator_learning_rate = rate;
    plan.critic_learning_rate = 2 * rate;
    for (std::int64_t step = 0; step < plan.total_steps; ++step) {
      const StepState<double> state = begun(plan, step, 0, rate);
      const double expected = run.at("rates")[static_cast<std::size_t>(step)];
      ASSERT_NEAR(state.learning_rate, expected, 1e-12) << "step " << step;
      ASSERT_NEAR(state.generator_learning_rate, expected, 1e-12) << "step " << step;
      const double least =
          step < plan.schedule.warmup_steps ? 0.0 : run.at("min_learning_rate").get<double>();
      ASSERT_NEAR(state.critic_learning_rate - least,
                  (expected - least) / (rate - least) * (2 * rate - least), 1e-12)
          << "step " << step;
    }
  }
}

TEST(CosineSchedule, ARateBelowTheLeastOneStays) {
  const StepPlan plan{.schedule = {.type = ScheduleType::cosine, .min_learning_rate = 1e-2},
                      .total_steps = 10};
  for (std::int64_t step : {0, 5, 9}) EXPECT_DOUBLE_EQ(begun(plan, step).learning_rate, 1e-3);
}

TEST(NoSchedule, RisesDuringWarmupAndStays) {
  const StepPlan plan{.schedule = {.type = ScheduleType::none, .warmup_steps = 4}, .total_steps = 10};
  const double shares[] = {0.25, 0.5, 0.75, 1, 1, 1};
  for (std::int64_t step = 0; step < 6; ++step)
    EXPECT_DOUBLE_EQ(begun(plan, step).learning_rate, 1e-3 * shares[step]);
}

TEST(PlateauSchedule, StepsTakeTheRateAsItIs) {
  const StepPlan plan{.schedule = {.type = ScheduleType::plateau}, .total_steps = 10};
  EXPECT_DOUBLE_EQ(begun(plan, 7, 0, 2.5e-4).learning_rate, 2.5e-4);
}

TEST(KlWeight, RisesByEpochAsTheCourse) {
  constexpr std::int64_t epochs = 50;
  const StepPlan plan{
      .schedule = {}, .total_steps = 500, .kl_weight = 0.1, .kl_warmup = 0.5, .kl_by_step = false};
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    const double progress = static_cast<double>(epoch) / epochs;
    const double expected = 0.1 * std::min(static_cast<double>(epoch) / (0.5 * epochs), 1.0);
    EXPECT_NEAR(begun(plan, epoch * 10 + 3, progress).kl_weight, expected, 1e-15) << "epoch " << epoch;
  }
}

TEST(KlWeight, RisesByStep) {
  const StepPlan plan{
      .schedule = {}, .total_steps = 40, .kl_weight = 2, .kl_warmup = 0.25, .kl_by_step = true};
  for (std::int64_t step = 0; step < 40; ++step) {
    const double expected = 2 * std::min(static_cast<double>(step) / 10, 1.0);
    EXPECT_NEAR(begun(plan, step).kl_weight, expected, 1e-15) << "step " << step;
  }
}

TEST(KlWeight, IsFullFromTheStartWithoutWarmup) {
  for (bool by_step : {false, true}) {
    const StepPlan plan{
        .schedule = {}, .total_steps = 40, .kl_weight = 0.3, .kl_warmup = 0, .kl_by_step = by_step};
    EXPECT_DOUBLE_EQ(begun(plan, 0).kl_weight, 0.3);
  }
}

TEST(BestValue, KeepsTheLowestLossAndItsEpoch) {
  BestValue best;
  const double losses[] = {5, 3, 4, 3, 2.5, 2.6};
  const bool is_best[] = {true, true, false, false, true, false};
  const std::int64_t since[] = {0, 0, 1, 2, 0, 1};
  for (std::int64_t epoch = 0; epoch < 6; ++epoch) {
    EXPECT_EQ(best.update(epoch, losses[epoch], 0), is_best[epoch]) << epoch;
    EXPECT_EQ(best.epochs_since, since[epoch]) << epoch;
  }
  EXPECT_EQ(best.epoch, 4);
  EXPECT_EQ(best.value, 2.5);
}

TEST(BestValue, SmallStepsCountOnceTheySumToAnImprovement) {
  BestValue best;
  const double losses[] = {1, 0.95, 0.91, 0.87, 0.86};
  const std::int64_t since[] = {0, 1, 2, 0, 1};
  for (std::int64_t epoch = 0; epoch < 5; ++epoch) {
    EXPECT_TRUE(best.update(epoch, losses[epoch], 0.1));
    EXPECT_EQ(best.epochs_since, since[epoch]) << epoch;
  }
  EXPECT_EQ(best.epoch, 4);
}

}  // namespace
}  // namespace sparcell
