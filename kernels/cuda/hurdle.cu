// Gates and values of generated cells. Threads own columns of a slab; the gates' noise is drawn from its
// stream where it is needed. The zero share takes one block to a slab, which sees all its cells twice: once
// for the mean of the probabilities, once for the gradient that follows from it.
#include "sparcell/ops/hurdle.h"

#include "cuda/memory.h"
#include "device/random.h"
#include "device/slab.h"
#include "math/hurdle.h"

namespace sparcell {
namespace kernels::hurdle {

using device::Four, device::four, device::Fours, device::load, device::Slab, device::store;

constexpr int threads = 256;
constexpr int width = device::own_columns;

__device__ __forceinline__ Four four_logistics(const math::PhiloxStream& stream, std::int64_t first) {
  return device::four_elements(stream, first, [](const math::PhiloxBlock& block) {
    return four([&](int k) { return math::logistic<float>(block.word[k]); });
  });
}

template <int access>
__global__ void __launch_bounds__(threads)
    hurdle(RandomStream random_stream, std::int64_t first_row, MatrixView<const float> values,
           MatrixView<const float> gates, MatrixView<float> out) {
  const math::PhiloxStream stream(random_stream);
  device::for_each_slab<threads>(values.cols, [&](const Slab& slab) {
    slab.for_each_row(values.rows, [&](std::int64_t r) {
      const Four v = slab.load<access>(values.row(r)), l = slab.load<access>(gates.row(r));
      const Four noise = four_logistics(stream, (first_row + r) * values.cols + slab.column);
      slab.store<access>(out.row(r), four([&](int k) { return math::hurdle_value(v[k], l[k], noise[k]); }));
    });
  });
}

template <int access>
__global__ void __launch_bounds__(threads)
    hurdle_backward(RandomStream random_stream, std::int64_t first_row, float inverse_temperature,
                    MatrixView<const float> values, MatrixView<const float> gates,
                    MatrixView<const float> grad, MatrixView<float> grad_values,
                    MatrixView<float> grad_gates) {
  const math::PhiloxStream stream(random_stream);
  device::for_each_slab<threads>(values.cols, [&](const Slab& slab) {
    slab.for_each_row(values.rows, [&](std::int64_t r) {
      const Four v = slab.load<access>(values.row(r)), l = slab.load<access>(gates.row(r)),
                 g = slab.load<access>(grad.row(r));
      const Four noise = four_logistics(stream, (first_row + r) * values.cols + slab.column);
      Four at_value, at_gate;
#pragma unroll
      for (int k = 0; k < width; ++k) {
        const auto gradient = math::hurdle_gradient(v[k], l[k], noise[k], inverse_temperature, g[k]);
        at_value[k] = gradient.value;
        at_gate[k] = gradient.gate;
      }
      slab.store<access>(grad_values.row(r), at_value);
      slab.store<access>(grad_gates.row(r), at_gate);
    });
  });
}

template <int access>
__global__ void __launch_bounds__(threads)
    zero_share(MatrixView<const float> gates, const float* share, double loss_scale, double gradient_scale,
               double* loss, MatrixView<float> grad, double* partial, unsigned* ticket) {
  const auto n = static_cast<double>(gates.rows);
  double sum = 0;
  device::for_each_slab<threads>(gates.cols, [&](const Slab& slab) {
    Fours<1> mean{};
    slab.for_each_row(gates.rows, [&](std::int64_t r) {
      const Four l = slab.load<access>(gates.row(r));
      device::add(mean.of[0], four([&](int k) { return math::sigmoid(l[k]); }));
    });
    mean = device::column_sums<threads>(mean);
    const Four p = slab.load<access>(share);
    Four factor{};
#pragma unroll
    for (int k = 0; k < width; ++k) {
      if (k >= slab.count) continue;
      const double off = static_cast<double>(mean.of[0][k]) / n - static_cast<double>(p[k]);
      const double weight = math::zero_share_weight(p[k]);
      if (slab.leads()) sum += off * off * weight;
      factor[k] = static_cast<float>(gradient_scale * 2 * off * weight / n);
    }
    slab.for_each_row(gates.rows, [&](std::int64_t r) {
      const Four l = slab.load<access>(gates.row(r)), before = slab.load<access>(grad.row(r));
      slab.store<access>(grad.row(r), four([&](int k) {
                           const float q = math::sigmoid(l[k]);
                           return before[k] + factor[k] * (q * (1 - q));
                         }));
    });
  });
  sum = device::block_sum<threads>(sum);
  if (device::sum_over_blocks<threads>(sum, partial, ticket) && threadIdx.x == 0)
    store(loss, load(loss) + loss_scale * sum);
}

template <class... Matrices>
bool aligned(const Matrices&... matrices) {
  return (device::aligned_rows<width>(matrices) && ...);
}

}  // namespace kernels::hurdle

template <class T>
void cuda::hurdle(Context& context, RandomStream noise, std::int64_t first_row, MatrixView<const T> values,
                  MatrixView<const T> gates, MatrixView<T> out) {
  using namespace kernels::hurdle;
  device::with_width<width>(aligned(values, gates, out), [&](auto constant) {
    device::launch(kernels::hurdle::hurdle<constant>,
                   {.grid = device::slab_grid<threads>(values.rows, values.cols),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   noise, first_row, values, gates, out);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::hurdle);

template <class T>
void cuda::hurdle_backward(Context& context, RandomStream noise, std::int64_t first_row, double temperature,
                           MatrixView<const T> values, MatrixView<const T> gates, MatrixView<const T> grad,
                           MatrixView<T> grad_values, MatrixView<T> grad_gates) {
  using namespace kernels::hurdle;
  const bool all_aligned = aligned(values, gates, grad, grad_values, grad_gates);
  device::with_width<width>(all_aligned, [&](auto constant) {
    device::launch(kernels::hurdle::hurdle_backward<constant>,
                   {.grid = device::slab_grid<threads>(values.rows, values.cols),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   noise, first_row, static_cast<T>(1 / temperature), values, gates, grad, grad_values,
                   grad_gates);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::hurdle_backward);

template <class T>
void cuda::zero_share(Context& context, MatrixView<const T> gates, std::span<const T> share,
                      double loss_scale, double gradient_scale, double* loss, MatrixView<T> grad) {
  using namespace kernels::hurdle;
  const device::LaunchShape shape{
      .grid = device::slab_grid(gates.cols), .block = threads, .stream = device::stream_of(context)};
  const bool all_aligned = aligned(gates, grad) && device::aligned<width>(share.data());
  device::with_width<width>(all_aligned, [&](auto constant) {
    device::launch(kernels::hurdle::zero_share<constant>, shape, gates, share.data(), loss_scale,
                   gradient_scale, loss, grad, cuda::workspace<double>(context, std::int64_t{shape.grid.x}),
                   cuda::tickets(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::zero_share);

}  // namespace sparcell
