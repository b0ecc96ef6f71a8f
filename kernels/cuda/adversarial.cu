// Losses on logits: one logit a cell is work for one block. Sums of larger matrices take a grid, whose last
// block adds what the others left.
#include "sparcell/ops/adversarial.h"

#include "cuda/memory.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/activation.h"

namespace sparcell {
namespace kernels::adversarial {

using device::load, device::store;

constexpr int threads = 256;
constexpr std::int64_t sum_per_block = 16 * threads;

struct Term {
  float loss, gradient;
};

template <LogitLoss kind>
__device__ __forceinline__ Term term(float target, float s) {
  if constexpr (kind == LogitLoss::cross_entropy) {
    return {math::softplus(s) - target * s, math::sigmoid(s) - target};
  } else if constexpr (kind == LogitLoss::hinge) {
    const float margin = 1.0f - target * s;
    return margin > 0.0f ? Term{margin, -target} : Term{0.0f, 0.0f};
  } else {
    return {target * s, target};
  }
}

template <LogitLoss kind>
__global__ void __launch_bounds__(threads)
    logit_loss(float target, double scale, MatrixView<const float> logits, double* loss,
               MatrixView<float> gradient) {
  double sum = 0;
  device::for_each_in_block(logits.rows, [&](std::int64_t r) {
    const Term t = term<kind>(target, load(logits.row(r)));
    sum += static_cast<double>(t.loss);
    store(gradient.row(r), static_cast<float>(scale) * t.gradient);
  });
  sum = device::block_sum<threads>(sum);
  if (threadIdx.x == 0) store(loss, load(loss) + scale * sum);
}

auto logit_loss_of(LogitLoss kind) {
  switch (kind) {
    case LogitLoss::cross_entropy:
      return logit_loss<LogitLoss::cross_entropy>;
    case LogitLoss::hinge:
      return logit_loss<LogitLoss::hinge>;
    default:
      return logit_loss<LogitLoss::linear>;
  }
}

__global__ void __launch_bounds__(threads)
    add_sum(MatrixView<const float> x, double scale, double* partial, unsigned* ticket, double* sum) {
  double total = 0;
  device::for_each_in_grid(
      x.size(), [&](std::int64_t i) { total += static_cast<double>(load(x.row(i / x.cols) + i % x.cols)); });
  total = device::block_sum<threads>(total);
  if (device::sum_over_blocks<threads>(total, partial, ticket) && threadIdx.x == 0)
    store(sum, load(sum) + scale * total);
}

}  // namespace kernels::adversarial

template <class T>
void cuda::logit_loss(Context& context, LogitLoss kind, double target, double weight,
                      MatrixView<const T> logits, double* loss, MatrixView<T> gradient) {
  using namespace kernels::adversarial;
  device::launch(logit_loss_of(kind), {.block = threads, .stream = device::stream_of(context)},
                 static_cast<float>(target), weight / static_cast<double>(logits.rows), logits, loss,
                 gradient);
}
SPARCELL_INSTANTIATE_CUDA(cuda::logit_loss);

template <class T>
void cuda::add_sum(Context& context, MatrixView<const T> x, double scale, double* sum) {
  using namespace kernels::adversarial;
  const unsigned blocks = device::blocks_for(x.size(), sum_per_block);
  device::launch(kernels::adversarial::add_sum,
                 {.grid = blocks, .block = threads, .stream = device::stream_of(context)}, x, scale,
                 workspace<double>(context, std::int64_t{blocks}), ticket(context), sum);
}
SPARCELL_INSTANTIATE_CUDA(cuda::add_sum);

}  // namespace sparcell
