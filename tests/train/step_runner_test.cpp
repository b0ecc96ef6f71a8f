// However steps reach the device, recorded or one by one, they are the same steps.
#include "train/step_runner.h"

#include <gtest/gtest.h>

#include <numeric>

#include "train/training_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t batch = 4, last_batch = 3;
constexpr std::int64_t full_batches = 1 + StepRunner::steps_recorded + 2;

/// Tensors and state after an epoch and most of another.
struct Outcome {
  std::vector<NamedTensor> tensors;
  StepState<float> state;
};

struct Case {
  std::string name;
  ModelType type;
  OutputActivation output = OutputActivation::identity;
};
void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }

Outcome train(const Case& c, GraphMode mode, bool branches = false) {
  const Csr<float> x = small_cells(full_batches * batch + last_batch, 10, 0.15);  // read as they lie
  ModelOptions options = small_model(c.type);
  options.output = c.output;
  options.train.batch = batch;
  options.train.clip_norm = 1;
  options.network.dropout = options.gan.generator.dropout = options.gan.critic.dropout = {0.2};
  options.gan.critic_steps = 2;
  Context context = test_context();
  const DeviceData<float> data(context, x, {});
  const auto model = make_model<float>(context, options, data, 7);
  model->initialize();
  std::vector<std::int32_t> cells(static_cast<std::size_t>(x.rows));
  std::iota(cells.rbegin(), cells.rend(), 0);
  const Buffer<std::int32_t> order(context, cells);
  Buffer<StepState<float>> state(context, 1);
  const StepPlan plan{.schedule = {.type = ScheduleType::cosine, .warmup_steps = 5},
                      .total_steps = 2 * full_batches,
                      .learning_rate = 1e-3,
                      .generator_learning_rate = 1e-3,
                      .critic_learning_rate = 2e-3,
                      .kl_weight = 0.1,
                      .kl_warmup = 0.5,
                      .kl_by_step = true};
  StepState<float> start;
  start.base_learning_rate = plan.learning_rate;
  state.upload({&start, 1});

  StepRunner runner(context, *model, plan, mode, branches, batch, order.data(), state.data());
  runner.run(batch, full_batches);
  runner.run(last_batch, 1);
  StepState<float> between = state.to_host().front();
  EXPECT_EQ(between.step, full_batches + 1);
  between.batch = 0;
  state.upload({&between, 1});
  runner.run(batch, StepRunner::steps_recorded + 1);
  return {all_tensors(*model), state.to_host().front()};
}

class Steps : public ::testing::TestWithParam<Case> {};

TEST_P(Steps, HaveEqualBitsHoweverTheyAreRecorded) {
  const Outcome one_by_one = train(GetParam(), GraphMode::off);
  for (const auto& [mode, branches] : {std::pair{GraphMode::off, true}, std::pair{GraphMode::step, false},
                                       std::pair{GraphMode::step, true}, std::pair{GraphMode::run, true}}) {
    SCOPED_TRACE(fmt::format("{}, {}", Names<GraphMode>::values[static_cast<std::size_t>(mode)],
                             branches ? "with branches" : "one after the other"));
    const Outcome recorded = train(GetParam(), mode, branches);
    EXPECT_TRUE(equal_bits(recorded.tensors, one_by_one.tensors));
    EXPECT_EQ(recorded.state.step, one_by_one.state.step);
    EXPECT_EQ(recorded.state.update, one_by_one.state.update);
    EXPECT_EQ(recorded.state.kl_weight, one_by_one.state.kl_weight);
    EXPECT_TRUE(std::equal(std::begin(recorded.state.losses), std::end(recorded.state.losses),
                           std::begin(one_by_one.state.losses)));
  }
}

/// The output that is not negative has its loss apart from its layer.
INSTANTIATE_TEST_SUITE_P(Models, Steps,
                         ::testing::Values(Case{"autoencoder", ModelType::autoencoder},
                                           Case{"relu", ModelType::autoencoder, OutputActivation::relu},
                                           Case{"vae", ModelType::vae}, Case{"gan", ModelType::gan}),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace sparcell::test
