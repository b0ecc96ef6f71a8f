#include <cuda_runtime.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "cases.h"
#include "device/check.h"
#include "model/trainable.h"
#include "sparcell/core/branches.h"

namespace sparcell::bench {
namespace {

struct Counts {
  std::int64_t nodes, longest_chain;

  Counts operator-(const Counts& other) const {
    return {nodes - other.nodes, longest_chain - other.longest_chain};
  }
};

Counts counts_of(cudaGraph_t graph) {
  std::size_t count = 0, edge_count = 0;
  SPARCELL_CUDA_CHECK(cudaGraphGetNodes(graph, nullptr, &count));
  std::vector<cudaGraphNode_t> nodes(count);
  SPARCELL_CUDA_CHECK(cudaGraphGetNodes(graph, nodes.data(), &count));
  SPARCELL_CUDA_CHECK(cudaGraphGetEdges(graph, nullptr, nullptr, nullptr, &edge_count));
  std::vector<cudaGraphNode_t> from(edge_count), to(edge_count);
  SPARCELL_CUDA_CHECK(cudaGraphGetEdges(graph, from.data(), to.data(), nullptr, &edge_count));
  std::multimap<cudaGraphNode_t, cudaGraphNode_t> before;
  for (std::size_t i = 0; i < edge_count; ++i) before.emplace(to[i], from[i]);
  std::map<cudaGraphNode_t, std::int64_t> chain_to;
  std::int64_t longest = 0;
  for (cudaGraphNode_t node : nodes) {  // captured in an order that the edges allow
    std::int64_t chain = 0;
    const auto [first, last] = before.equal_range(node);
    for (auto edge = first; edge != last; ++edge) chain = std::max(chain, chain_to.at(edge->second));
    longest = std::max(longest, chain_to[node] = chain + 1);
  }
  return {static_cast<std::int64_t>(count), longest};
}

/// Of one captured training step of a model.
Counts counts_of_step(Context& context, const ModelOptions& options, std::int64_t columns) {
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
  allow_branches(context, true);
  const auto step = [&] {
    take_step<float>(context, plan, *model, {rows.data(), &state.data()->batch, cells, cells}, state.data());
  };
  step();  // scratch memory has its size after a rehearsal
  context.synchronize();
  cudaGraph_t graph = nullptr;
  const cudaStream_t stream = device::stream_of(context);
  SPARCELL_CUDA_CHECK(cudaStreamBeginCapture(stream, cudaStreamCaptureModeThreadLocal));
  step();
  SPARCELL_CUDA_CHECK(cudaStreamEndCapture(stream, &graph));
  const Counts counts = counts_of(graph);
  SPARCELL_CUDA_CHECK(cudaGraphDestroy(graph));
  return counts;
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
  const auto of = [&](const ModelOptions& options) { return counts_of_step(context, options, course_genes); };
  const auto row = [](const char* step, const Counts& counts, std::int64_t goal) {
    return StepNodes{step, counts.nodes, counts.longest_chain, goal};
  };
  const Counts one = of(gan_with_updates(1)), two = of(gan_with_updates(2));
  return {row("autoencoder of the course", of(of_the_course(ModelType::autoencoder)), autoencoder_goal),
          row("variational autoencoder of the course", of(of_the_course(ModelType::vae)), none),
          row("critic update, spectral norm per step and penalty", two - one, critic_goal),
          row("generator update, with the step's ends", one - (two - one), none)};
}

}  // namespace sparcell::bench
