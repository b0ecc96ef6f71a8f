// Training steps of the three models on both devices: the losses of the first ten steps agree.
#include <gtest/gtest.h>

#include <numeric>

#include "train/step_runner.h"
#include "train/training_run.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t cells = 40, genes = 33, batch = 8, steps = 10;

/// Loss parts of each of the first steps.
std::vector<LossParts> losses_on(const char* device, ModelType type, double density) {
  const Csr<float> x = small_cells(cells, genes, density);
  ModelOptions options = small_model(type);
  options.train.batch = batch;
  options.train.clip_norm = 5;
  options.network.dropout = options.gan.generator.dropout = options.gan.critic.dropout = {0.2, 0.1};
  Context context(find_device(device), 1);
  const DeviceData<float> data(context, x, {});
  const auto model = make_model<float>(context, options, data, 11);
  model->initialize();
  std::vector<std::int32_t> all(cells);
  std::iota(all.begin(), all.end(), 0);
  const Buffer<std::int32_t> order(context, all);
  Buffer<StepState<float>> state(context, 1);
  StepPlan plan{.schedule = {}, .total_steps = steps, .learning_rate = 1e-3, .kl_weight = 0.1};
  plan.generator_learning_rate = plan.critic_learning_rate = 2e-4;
  StepRunner runner(context, *model, plan, GraphMode::step, true, batch, order.data(), state.data());
  std::vector<LossParts> losses;
  for (std::int64_t step = 0; step < steps; ++step) {
    StepState<float> host = state.to_host().front();
    host.base_learning_rate = plan.learning_rate;
    host.batch = step % (cells / batch);
    std::fill(std::begin(host.losses), std::end(host.losses), 0.0);
    state.upload({&host, 1});
    runner.run(batch, 1);
    losses.push_back(model->training_losses(state.to_host().front(), batch, 1));
  }
  return losses;
}

class Devices : public ::testing::TestWithParam<ModelType> {};

TEST_P(Devices, AgreeOnTheFirstLosses) {
  for (double density : {0.2, 1.0}) {  // cells through sparse products, and as dense batches
    const auto on_cpu = losses_on("cpu", GetParam(), density),
               on_cuda = losses_on("cuda", GetParam(), density);
    for (std::size_t step = 0; step < on_cpu.size(); ++step) {
      for (std::size_t part = 0; part < on_cpu[step].size(); ++part) {
        const auto& [name, expected] = on_cpu[step][part];
        EXPECT_NEAR(on_cuda[step][part].second, expected, 1e-4 * std::max(1.0, std::abs(expected)))
            << name << ", step " << step << ", density " << density;
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Devices,
                         ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
                         [](const auto& info) {
                           return std::string(Names<ModelType>::values[static_cast<std::size_t>(info.param)]);
                         });

}  // namespace
}  // namespace sparcell::test
