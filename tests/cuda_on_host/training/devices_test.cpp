// Training steps of the three models on both devices: the losses of the first ten steps agree.
#include <gtest/gtest.h>

#include <numeric>

#include "sparcell/core/products.h"
#include "train/conditions_run.h"
#include "train/step_runner.h"

namespace sparcell::test {
namespace {

constexpr std::int64_t cells = 40, genes = 33, batch = 8, steps = 10;

/// Loss parts of each of the first steps.
std::vector<LossParts> losses_on(const char* device, ModelOptions options, double density,
                                 Precision precision = Precision::f32) {
  const Csr<float> x = small_cells(cells, genes, density);
  options.train.batch = batch;
  options.train.clip_norm = 5;
  options.network.dropout = options.gan.generator.dropout = options.gan.critic.dropout = {0.2, 0.1};
  Context context(find_device(device), 1);
  set_training_products(context, {.precision = precision});
  const bool pairs = options.conditioning.products() > 0;
  const DeviceData<float> data(context, x, {},
                               options.condition.empty() ? Csr<float>{} : small_conditions(cells, pairs),
                               pairs ? small_vectors() : Csr<float>{});
  const auto model = make_model<float>(context, options, data, 11);
  model->initialize();
  model->begin_from(start_with_controls(cells));
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

void expect_agreement(const ModelOptions& options) {
  for (double density : {0.2, 1.0}) {  // cells through sparse products, and as dense batches
    const auto on_cpu = losses_on("cpu", options, density), on_cuda = losses_on("cuda", options, density);
    for (std::size_t step = 0; step < on_cpu.size(); ++step) {
      for (std::size_t part = 0; part < on_cpu[step].size(); ++part) {
        const auto& [name, expected] = on_cpu[step][part];
        EXPECT_NEAR(on_cuda[step][part].second, expected, 1e-4 * std::max(1.0, std::abs(expected)))
            << name << ", step " << step << ", density " << density;
      }
    }
  }
}

TEST_P(Devices, AgreeOnTheFirstLosses) { expect_agreement(small_model(GetParam())); }

TEST(DevicesWithConditions, AgreeOnTheFirstLosses) {
  for (const bool encoder : {false, true}) {
    SCOPED_TRACE(encoder);
    expect_agreement(told_model(ModelType::autoencoder, encoder, 0.5));
    ModelOptions linear_paths = told_model(ModelType::vae, encoder, 1);
    linear_paths.skip = true;
    expect_agreement(linear_paths);
  }
}

TEST(DevicesWithPairs, AgreeOnTheFirstLosses) {
  for (const ModelType type : {ModelType::autoencoder, ModelType::gan}) {
    ModelOptions options = small_model(type);
    options.condition = {"perturbation"};
    options.conditioning.embedding = EmbeddingOptions::loadings;  // genes begin apart
    options.conditioning.combine = GeneCombination::learned;
    expect_agreement(options);
  }
}

/// Operands are off by at most u each, so a product's terms are by 2 u, and what follows from a chain of
/// products by 2 u for each; every step before adds its own.
TEST_P(Devices, RoundedProductsStayNear) {
  const double chain =
      GetParam() == ModelType::gan ? 9 : 6;  // generator, critic forward and back; encoder, decoder
  for (const auto& [precision, u] :
       {std::pair{Precision::tf32, 0x1p-11}, std::pair{Precision::bf16, 0x1p-8}}) {
    SCOPED_TRACE(name_of(precision));
    const auto exact = losses_on("cuda", small_model(GetParam()), 1.0);
    const auto rounded = losses_on("cuda", small_model(GetParam()), 1.0, precision);
    bool any_differs = false;
    for (std::size_t step = 0; step < exact.size(); ++step) {
      const double tolerance = 2 * u * chain * static_cast<double>(step + 1);
      for (std::size_t part = 0; part < exact[step].size(); ++part) {
        const auto& [name, expected] = exact[step][part];
        EXPECT_NEAR(rounded[step][part].second, expected, tolerance * std::max(1.0, std::abs(expected)))
            << name << ", step " << step;
        any_differs = any_differs || rounded[step][part].second != expected;
      }
    }
    EXPECT_TRUE(any_differs);
    EXPECT_EQ(losses_on("cuda", small_model(GetParam()), 1.0, precision), rounded);
  }
}

INSTANTIATE_TEST_SUITE_P(Models, Devices,
                         ::testing::Values(ModelType::autoencoder, ModelType::vae, ModelType::gan),
                         [](const auto& info) {
                           return std::string(Names<ModelType>::values[static_cast<std::size_t>(info.param)]);
                         });

}  // namespace
}  // namespace sparcell::test
