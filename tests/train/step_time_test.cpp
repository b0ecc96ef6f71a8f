// Where the time of steps goes, and windows of steps: on every device, however steps are recorded.
#include "train/step_time.h"

#include <gtest/gtest.h>

#include <numeric>

#include "train/training_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t cells = 42, batches = 6;  // of 8 cells, the last of 2

ModelOptions options_of(ModelType type, GraphMode graph = GraphMode::run) {
  ModelOptions options = small_model(type);
  options.gan.critic_steps = 1;
  options.train.graph = graph;
  return options;
}

class Phases : public ::testing::TestWithParam<ModelType> {};

TEST_P(Phases, AddUpToTheTimeOfTraining) {
  TrainingRun run(options_of(GetParam()), small_cells(cells, 200), split_of(cells, 0));
  const TrainResult result = run.run({.on_epoch = {}, .save = [] {}, .save_later = {}, .interrupted = {}});
  for (std::size_t p = 0; p < phase_names.size(); ++p) EXPECT_GT(result.phases[p], 0) << phase_names[p];
  const double sum = std::accumulate(result.phases.begin(), result.phases.end(), 0.0);
  EXPECT_LT(sum, result.seconds);
  EXPECT_GT(sum, 0.5 * result.seconds);
}

TEST(PhaseSamples, AreAFewStepsOnAGpuAndNoneOnTheCpu) {
  for (const auto& [epochs, samples] : {std::pair{1, 1}, {3, 3}, {22, 20}}) {
    ModelOptions options = options_of(ModelType::autoencoder);
    options.train.epochs = epochs;
    TrainingRun run(options, small_cells(cells, 10), split_of(cells, 0));
    const std::optional<std::int64_t> taken = run.run().phase_samples;
    ASSERT_EQ(taken.has_value(), run.context.device().is_cuda());
    EXPECT_EQ(taken.value_or(samples), samples) << epochs << " epochs";
  }
}

TEST_P(Phases, LeaveNoTraceInTheBits) {
  const Csr<float> x = small_cells(cells, 10);
  TrainingRun sampled(options_of(GetParam()), x, split_of(cells, 0)),
      whole(options_of(GetParam()), x, split_of(cells, 0));
  sampled.run();
  TrainHooks hooks;
  hooks.window = StepWindow{.first = 0, .end = 0, .begins = [] {}, .ends = [] {}};  // nothing is sampled
  whole.run(hooks);
  EXPECT_TRUE(equal_bits(all_tensors(*sampled.model), all_tensors(*whole.model)));
}

TEST_P(Phases, TellTheEdgesOfAWindow) {
  for (GraphMode graph : {GraphMode::off, GraphMode::step, GraphMode::run}) {
    for (const auto& [first, end] :
         {std::pair<std::int64_t, std::int64_t>{0, 1}, {4, 13}, {5, 3 * batches}}) {
      TrainingRun run(options_of(GetParam(), graph), small_cells(cells, 10), split_of(cells, 0));
      std::vector<std::int64_t> edges;
      const auto note = [&] { edges.push_back(run.trainer->state().step.step); };  // what the device has done
      TrainHooks hooks;
      hooks.window = StepWindow{.first = first, .end = end, .begins = note, .ends = note};
      run.run(hooks);
      EXPECT_EQ(edges, (std::vector{first, end}));
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Phases,
                         ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
                         [](const auto& info) {
                           return std::string(Names<ModelType>::values[static_cast<std::size_t>(info.param)]);
                         });

}  // namespace
}  // namespace sparcell::test
