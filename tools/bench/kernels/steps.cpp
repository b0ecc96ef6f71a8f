#include <cuda_runtime.h>

#include <numeric>

#include "cases.h"
#include "device/check.h"
#include "model/trainable.h"

namespace sparcell::bench {
namespace {

/// Nodes of one captured training step of a model.
std::int64_t nodes_of(Context& context, const ModelOptions& options, std::int64_t columns) {
  const std::int64_t cells = options.train.batch;
  const DeviceData<float> data(context, random_cells(cells, columns), {});
  const auto model = make_model<float>(context, options, data, 1);
  model->initialize();
  std::vector<std::int32_t> order(static_cast<std::size_t>(cells));
  std::iota(order.begin(), order.end(), 0);
  const Buffer<std::int32_t> rows(context, order);
  const StepState<float> start;
  const Buffer<StepState<float>> state(context, std::span(&start, 1));
  StepPlan plan;
  plan.total_steps = 2;
  plan.learning_rate = plan.generator_learning_rate = plan.critic_learning_rate = 1e-3;
  const auto step = [&] {
    begin_step<float>(context, plan, state.data());
    model->train_step({rows.data(), &state.data()->batch, cells, cells}, state.data());
    end_step<float>(context, state.data());
  };
  step();  // scratch memory has its size after a rehearsal
  context.synchronize();
  cudaGraph_t graph = nullptr;
  std::size_t count = 0;
  const cudaStream_t stream = device::stream_of(context);
  SPARCELL_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  step();
  SPARCELL_CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
  SPARCELL_CUDA_CHECK(cudaGraphGetNodes(graph, nullptr, &count));
  SPARCELL_CUDA_CHECK(cudaGraphDestroy(graph));
  return static_cast<std::int64_t>(count);
}

ModelOptions of_the_course(ModelType type) {
  ModelOptions options;
  options.type = type;
  options.train.batch = 128;
  options.gan.spectral_iterations = SpectralIterations::per_step;
  return options;
}

ModelOptions gan_with_updates(std::int64_t updates) {
  ModelOptions options = of_the_course(ModelType::gan);
  options.gan.critic_steps = updates;
  return options;
}

}  // namespace

std::vector<StepNodes> count_step_nodes(Context& context) {
  constexpr std::int64_t course_genes = 1000;
  constexpr std::int64_t autoencoder_goal = 32, critic_goal = 64, none = 0;
  const auto of = [&](const ModelOptions& options) { return nodes_of(context, options, course_genes); };
  const std::int64_t one = of(gan_with_updates(1)), two = of(gan_with_updates(2));
  return {{"autoencoder of the course", of(of_the_course(ModelType::autoencoder)), autoencoder_goal},
          {"variational autoencoder of the course", of(of_the_course(ModelType::vae)), none},
          {"critic update, spectral norm per step and penalty", two - one, critic_goal},
          {"generator update, with the step's ends", one - (two - one), none}};
}

}  // namespace sparcell::bench
