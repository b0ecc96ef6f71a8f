// Adam, the clipping of gradients and moving averages over whole arenas: a thread takes four neighbouring
// parameters at a time and reads its next four before it uses those it has. What depends on the step is
// computed by two threads of each block while the first reads are on their way.
#include "sparcell/ops/optimizer.h"

#include <cmath>

#include "cuda/memory.h"
#include "device/slab.h"
#include "math/elementary.h"
#include "math/schedule.h"

namespace sparcell {
namespace kernels::optimizer {

using device::Columns, device::Four, device::four, device::load, device::store;

constexpr int threads = 256;
constexpr int width = device::own_columns;
constexpr double clip_epsilon = 1e-6;

std::int64_t vectors_of(std::int64_t size) { return (size + width - 1) / width; }

/// Four neighbours of the arenas.
struct Parameters {
  Four value, gradient, first, second;
};

struct Arenas {
  float *values, *gradients, *first_moments, *second_moments;
  std::int64_t size;

  template <int access>
  __device__ __forceinline__ Parameters load(const Columns& at) const {
    return {at.load<access>(values), at.load<access>(gradients), at.load<access>(first_moments),
            at.load<access>(second_moments)};
  }
  template <int access>
  __device__ __forceinline__ void store(const Columns& at, const Parameters& p) const {
    at.store<access>(values, p.value);
    at.store<access>(gradients, p.gradient);
    at.store<access>(first_moments, p.first);
    at.store<access>(second_moments, p.second);
  }
};

/// OptimizerOptions as kernels take them, rounded as the CPU rounds them.
struct Adam {
  double beta1, beta2, weight_decay;
  bool decoupled;
  float epsilon, kept1, kept2, taken1, taken2, decay;

  explicit Adam(const OptimizerOptions& o)
      : beta1(o.betas[0]),
        beta2(o.betas[1]),
        weight_decay(o.weight_decay),
        decoupled(o.type == OptimizerType::adamw),
        epsilon(static_cast<float>(o.epsilon)),
        kept1(static_cast<float>(beta1)),
        kept2(static_cast<float>(beta2)),
        taken1(static_cast<float>(1 - beta1)),
        taken2(static_cast<float>(1 - beta2)),
        decay(decoupled ? 0 : static_cast<float>(weight_decay)) {}
};

/// One step's factors, rounded as the CPU rounds them.
struct Factors {
  float step_size, root_correction, shrink;

  /// A block's, in shared memory. Powers are long chains: two warps share them. All threads call it.
  __device__ __forceinline__ static void make(const Adam& adam, const float* learning_rate,
                                              const Counter& step, Factors& shared) {
    if (threadIdx.x == 0) {
      const auto rate = static_cast<double>(load(learning_rate));
      shared.step_size = static_cast<float>(rate / (1 - math::power(adam.beta1, step.value() + 1)));
      shared.shrink = adam.decoupled ? static_cast<float>(1 - rate * adam.weight_decay) : 1;
    } else if (threadIdx.x == device::warp_size) {
      shared.root_correction =
          static_cast<float>(1 / math::square_root(1 - math::power(adam.beta2, step.value() + 1)));
    }
    __syncthreads();
  }
};
static_assert(threads > device::warp_size);

__device__ __forceinline__ void update(const Adam& adam, const Factors& factors, Parameters& p) {
#pragma unroll
  for (int k = 0; k < width; ++k) {
    const float gradient = p.gradient[k] + adam.decay * p.value[k];
    p.first[k] = adam.kept1 * p.first[k] + adam.taken1 * gradient;
    p.second[k] = adam.kept2 * p.second[k] + adam.taken2 * gradient * gradient;
    const float root = math::square_root(p.second[k]) * factors.root_correction + adam.epsilon;
    p.value[k] = factors.shrink * p.value[k] - factors.step_size * p.first[k] / root;
    p.gradient[k] = 0;
  }
}

template <int access>
__global__ void __launch_bounds__(threads)
    adam_step(Adam adam, const float* learning_rate, Counter step, Arenas arenas) {
  const auto place = [&](std::int64_t i) { return device::columns_at(i, arenas.size); };
  std::int64_t i = device::grid_thread();
  Parameters next = arenas.load<access>(place(i));  // nothing where i is behind the end
  __shared__ Factors shared;
  Factors::make(adam, learning_rate, step, shared);
  const Factors factors = shared;
  while (i * width < arenas.size) {
    Parameters p = next;
    next = arenas.load<access>(place(i + device::grid_threads()));
    update(adam, factors, p);
    arenas.store<access>(place(i), p);
    i += device::grid_threads();
  }
}

/// *norm_sum += |gradients|, and *factor = what shortens them to max_norm, 1 where they are short enough.
template <int access>
__global__ void __launch_bounds__(threads)
    gradient_norm(const float* gradients, std::int64_t size, double max_norm, double* norm_sum,
                  double* partial, unsigned* ticket, float* factor) {
  double sum = 0;
  device::for_each_in_grid((size + width - 1) / width, [&](std::int64_t i) {
    const Four g = device::columns_at(i, size).load<access>(gradients);
    sum += static_cast<double>((g[0] * g[0] + g[1] * g[1]) + (g[2] * g[2] + g[3] * g[3]));
  });
  sum = device::block_sum<threads>(sum);
  if (!device::sum_over_blocks<threads>(sum, partial, ticket) || threadIdx.x != 0) return;
  const double norm = math::square_root(sum);
  store(norm_sum, load(norm_sum) + norm);
  store(factor, !(norm <= max_norm) ? static_cast<float>(max_norm / (norm + clip_epsilon)) : 1.0f);
}

template <int access>
__global__ void __launch_bounds__(threads)
    scale_gradients(float* gradients, std::int64_t size, const float* factor) {
  const float by = load(factor);
  if (by == 1) return;
  device::for_each_in_grid((size + width - 1) / width, [&](std::int64_t i) {
    const Columns at = device::columns_at(i, size);
    const Four g = at.load<access>(gradients);
    at.store<access>(gradients, four([&](int k) { return g[k] * by; }));
  });
}

template <int access>
__global__ void __launch_bounds__(threads)
    moving_average(double decay, const std::int64_t* step, const float* values, float* average,
                   std::int64_t size) {
  const double d = math::average_decay(decay, load(step));
  const auto kept = static_cast<float>(d), taken = static_cast<float>(1 - d);
  device::for_each_in_grid((size + width - 1) / width, [&](std::int64_t i) {
    const Columns at = device::columns_at(i, size);
    const Four from = at.load<access>(values), to = at.load<access>(average);
    at.store<access>(average, four([&](int k) { return kept * to[k] + taken * from[k]; }));
  });
}

}  // namespace kernels::optimizer

template <class T>
void cuda::adam_step(Context& context, const OptimizerOptions& options, const T* learning_rate, Counter step,
                     std::span<T> parameters, std::span<T> gradients, std::span<T> first_moment,
                     std::span<T> second_moment) {
  using namespace kernels::optimizer;
  const auto size = static_cast<std::int64_t>(parameters.size());
  const Adam adam(options);
  const Arenas arenas{parameters.data(), gradients.data(), first_moment.data(), second_moment.data(), size};
  const bool aligned = size % width == 0 && device::aligned<width>(arenas.values) &&
                       device::aligned<width>(arenas.gradients) &&
                       device::aligned<width>(arenas.first_moments) &&
                       device::aligned<width>(arenas.second_moments);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::optimizer::adam_step<constant>,
                   {.grid = device::blocks_for(vectors_of(size), threads),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   adam, learning_rate, step, arenas);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::adam_step);

template <class T>
void cuda::clip_gradients(Context& context, double max_norm, std::span<T> gradients, double* norm_sum) {
  using namespace kernels::optimizer;
  const auto size = static_cast<std::int64_t>(gradients.size());
  const device::LaunchShape shape{.grid = device::blocks_for(vectors_of(size), threads),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  auto* const partial = cuda::workspace<double>(context, std::int64_t{shape.grid.x} + 1);
  auto* const factor = reinterpret_cast<float*>(partial + shape.grid.x);
  device::with_width<width>(
      size % width == 0 && device::aligned<width>(gradients.data()), [&](auto constant) {
        device::launch(gradient_norm<constant>, shape, gradients.data(), size, max_norm, norm_sum, partial,
                       cuda::tickets(context), factor);
        if (max_norm > 0) device::launch(scale_gradients<constant>, shape, gradients.data(), size, factor);
      });
}
SPARCELL_INSTANTIATE_CUDA(cuda::clip_gradients);

template <class T>
void cuda::moving_average(Context& context, double decay, const std::int64_t* step, std::span<const T> values,
                          std::span<T> average) {
  using namespace kernels::optimizer;
  const auto size = static_cast<std::int64_t>(values.size());
  const bool aligned =
      size % width == 0 && device::aligned<width>(values.data()) && device::aligned<width>(average.data());
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::optimizer::moving_average<constant>,
                   {.grid = device::blocks_for(vectors_of(size), threads),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   decay, step, values.data(), average.data(), size);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::moving_average);

}  // namespace sparcell
