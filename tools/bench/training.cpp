// Microseconds of a training step on this machine, without file, validation or checkpoint: what kernels and
// products cost.
//   bench_training [ae|vae|ae5000|gan] [steps] [share of entries that are not zero] [f32|bf16]
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <random>

#include "model/trainable.h"
#include "sparcell/core/products.h"

namespace {

using namespace sparcell;

/// Cells with values as log1p of counts.
Csr<float> random_cells(std::int64_t cells, std::int64_t genes, float density) {
  std::mt19937 generator(1);
  std::uniform_real_distribution<float> uniform;
  Csr<float> x;
  x.rows = cells;
  x.cols = genes;
  for (std::int64_t r = 0; r < cells; ++r) {
    for (std::int64_t g = 0; g < genes; ++g) {
      if (uniform(generator) > density) continue;
      x.indices.push_back(static_cast<std::int32_t>(g));
      x.values.push_back(0.2f + 3 * uniform(generator));
    }
    x.offsets.push_back(static_cast<std::int64_t>(x.indices.size()));
  }
  return x;
}

struct Case {
  std::int64_t genes = 1000;
  ModelOptions options;
};

Case make_case(const std::string& name) {
  Case c;
  c.options.train.batch = 128;
  c.options.train.optimizer.weight_decay = 1e-5;
  if (name == "vae") c.options.type = ModelType::vae;
  if (name == "gan") c.options.type = ModelType::gan;
  if (name == "ae5000") {
    c.genes = 5000;
    c.options.network.hidden = {512, 128};
    c.options.latent = 32;
    c.options.train.batch = 256;
  }
  return c;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "ae";
  const int steps = argc > 2 ? std::atoi(argv[2]) : 200;
  const float density = argc > 3 ? std::strtof(argv[3], nullptr) : 0.1f;
  const std::string precision = argc > 4 ? argv[4] : "f32";
  Case c = make_case(name);
  Context context;
  set_training_products(context, {.precision = precision == "bf16" ? Precision::bf16 : Precision::f32});
  const std::int64_t cells = 4096;
  const DeviceData<float> data(context, random_cells(cells, c.genes, density), {});
  const auto model = make_model<float>(context, c.options, data, 1);
  model->initialize();
  std::vector<std::int32_t> order(cells);
  std::iota(order.begin(), order.end(), 0);
  const Buffer<std::int32_t> rows(context, order);
  StepState<float> start;
  start.base_learning_rate = 1e-3;
  Buffer<StepState<float>> state(context, std::span<const StepState<float>>(&start, 1));
  StepPlan plan;
  plan.total_steps = steps;
  plan.generator_learning_rate = plan.critic_learning_rate = 2e-4;
  std::vector<double> microseconds;
  for (int step = 0; step < steps; ++step) {
    if ((step * c.options.train.batch) % cells == 0) state.data()->batch = 0;
    const auto begin = std::chrono::steady_clock::now();
    const TrainingProducts as_asked(context);
    take_step<float>(context, plan, *model,
                     {rows.data(), &state.data()->batch, c.options.train.batch, c.options.train.batch},
                     state.data());
    microseconds.push_back(
        std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count());
  }
  std::sort(microseconds.begin(), microseconds.end());
  std::printf("%s: median %.0f us, fastest %.0f us a step (%d threads, %d steps, %s)\n", name.c_str(),
              microseconds[microseconds.size() / 2], microseconds.front(), context.threads(), steps,
              precision.c_str());
  return 0;
}
