// Losses on logits: one logit a cell is work for one block, which takes the groups one after the other.
#include "sparcell/ops/adversarial.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/activation.h"

namespace sparcell {
namespace kernels::adversarial {

using device::load, device::store;

constexpr int threads = 256;

/// The groups of one call; those without rows are left out.
struct Groups {
  LogitGroup<float> group[most_logit_groups];
  int count = 0;
};

struct Term {
  float loss, gradient;
};

struct Sums {
  double loss = 0, logits = 0;
};
struct AddSums {
  __device__ __forceinline__ Sums operator()(const Sums& a, const Sums& b) const {
    return {a.loss + b.loss, a.logits + b.logits};
  }
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
__global__ void __launch_bounds__(threads) logit_loss(Groups groups, double weight, double* loss) {
  for (int g = 0; g < groups.count; ++g) {
    const auto& [target, logits, score, gradient] = groups.group[g];
    const auto rows = static_cast<double>(logits.rows);
    const double scale = weight / rows;
    Sums sums;
    device::for_each_in_block(logits.rows, [&](std::int64_t r) {
      const float s = load(logits.row(r));
      const Term t = term<kind>(static_cast<float>(target), s);
      sums = AddSums{}(sums, {static_cast<double>(t.loss), static_cast<double>(s)});
      store(gradient.row(r), static_cast<float>(scale) * t.gradient);
    });
    sums = device::block_reduce<threads>(sums, AddSums{});
    if (threadIdx.x != 0) continue;
    store(loss, load(loss) + scale * sums.loss);
    if (score != nullptr) store(score, load(score) + sums.logits / rows);
  }
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

}  // namespace kernels::adversarial

template <class T>
void cuda::logit_loss(Context& context, LogitLoss kind, double weight, std::span<const LogitGroup<T>> groups,
                      double* loss) {
  using namespace kernels::adversarial;
  Groups with_rows;
  for (const LogitGroup<T>& group : groups) {
    if (group.logits.rows > 0) with_rows.group[with_rows.count++] = group;
  }
  if (with_rows.count == 0) return;
  device::launch(logit_loss_of(kind), {.block = threads, .stream = device::stream_of(context)}, with_rows,
                 weight, loss);
}
SPARCELL_INSTANTIATE_CUDA(cuda::logit_loss);

}  // namespace sparcell
