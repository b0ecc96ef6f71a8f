// Sampling a latent and its divergence. Threads own columns of a slab; the noise is drawn from its stream,
// and on the way back drawn again. The divergence is summed in f64.
#include "sparcell/ops/reparameterize.h"

#include "cuda/memory.h"
#include "device/random.h"
#include "device/slab.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::reparameterize {

using device::Four, device::four, device::load, device::Slab, device::store;

constexpr int threads = 256;
constexpr int backward_blocks = 2;  // at once on a multiprocessor: said because code for 12.0 spills for more
constexpr int width = device::own_columns;

__device__ __forceinline__ float divergence_of(float mu, float log_variance) {
  return -0.5f * (1 + log_variance - mu * mu - math::exp(log_variance));
}

template <int access>
__global__ void __launch_bounds__(threads)
    sample(RandomStream random_stream, MatrixView<const float> mu, MatrixView<const float> log_variance,
           MatrixView<float> z, Divergence divergence, const float* kl_weight, double* kl,
           double* weighted_kl, double* partial, unsigned* ticket) {
  const math::PhiloxStream stream(random_stream);
  const auto least = static_cast<float>(divergence.free_bits);
  double all = 0, counted = 0;  // the divergence, and what of it counts in the loss
  device::for_each_slab<threads>(mu.cols, [&](const Slab& slab) {
    slab.for_each_row(mu.rows, [&](std::int64_t r) {
      const Four m = slab.load<access>(mu.row(r)), v = slab.load<access>(log_variance.row(r));
      const Four noise = device::four_normals(stream, r * mu.cols + slab.column);
      slab.store<access>(z.row(r), four([&](int k) { return m[k] + math::exp(v[k] / 2) * noise[k]; }));
#pragma unroll
      for (int k = 0; k < width; ++k) {  // 0 in place of columns that are not there
        const float own = divergence_of(m[k], v[k]);
        all += static_cast<double>(own);
        if (k < slab.count) counted += static_cast<double>(least > 0 && own < least ? least : own);
      }
    });
  });
  const std::int64_t blocks = std::int64_t{gridDim.x} * gridDim.y;
  all = device::block_sum<threads>(all);
  counted = device::block_sum<threads>(counted);
  if (threadIdx.x == 0) {
    const std::int64_t block = std::int64_t{blockIdx.y} * gridDim.x + blockIdx.x;
    store(partial + block, all);
    store(partial + blocks + block, counted);
  }
  if (!device::is_last_block(ticket)) return;
  all = counted = 0;
  device::for_each_in_block(blocks, [&](std::int64_t block) {
    all += load(partial + block);
    counted += load(partial + blocks + block);
  });
  all = device::block_sum<threads>(all);
  counted = device::block_sum<threads>(counted);
  if (threadIdx.x != 0) return;
  store(kl, load(kl) + divergence.scale * all);
  store(weighted_kl, load(weighted_kl) + static_cast<double>(load(kl_weight)) * divergence.scale * counted);
}

template <int access>
__global__ void __launch_bounds__(threads, backward_blocks)
    sample_backward(RandomStream random_stream, MatrixView<const float> mu,
                    MatrixView<const float> log_variance, MatrixView<const float> grad_z,
                    const float* kl_weight, Divergence divergence, MatrixView<float> grad_mu,
                    MatrixView<float> grad_log_variance) {
  const math::PhiloxStream stream(random_stream);
  const auto weight = static_cast<float>(static_cast<double>(load(kl_weight)) * divergence.scale),
             least = static_cast<float>(divergence.free_bits);
  device::for_each_slab<threads>(mu.cols, [&](const Slab& slab) {
    slab.for_each_row(mu.rows, [&](std::int64_t r) {
      const Four m = slab.load<access>(mu.row(r)), v = slab.load<access>(log_variance.row(r)),
                 g = slab.load<access>(grad_z.row(r));
      const Four noise = device::four_normals(stream, r * mu.cols + slab.column);
      const Four w =
          four([&](int k) { return least > 0 && divergence_of(m[k], v[k]) < least ? 0.0f : weight; });
      slab.store<access>(grad_mu.row(r), four([&](int k) { return g[k] + w[k] * m[k]; }));
      slab.store<access>(grad_log_variance.row(r), four([&](int k) {
                           return g[k] * noise[k] * math::exp(v[k] / 2) / 2 +
                                  w[k] * (math::exp(v[k]) - 1) / 2;
                         }));
    });
  });
}

template <class... Matrices>
bool aligned(const Matrices&... matrices) {
  return (device::aligned_rows<width>(matrices) && ...);
}

}  // namespace kernels::reparameterize

template <class T>
void cuda::reparameterize(Context& context, RandomStream stream, MatrixView<const T> mu,
                          MatrixView<const T> log_variance, Divergence divergence, const T* kl_weight,
                          double* kl, double* weighted_kl, MatrixView<T> z) {
  using namespace kernels::reparameterize;
  const device::LaunchShape shape{.grid = device::slab_grid<threads>(mu.rows, mu.cols),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  device::with_width<width>(aligned(mu, log_variance, z), [&](auto constant) {
    device::launch(sample<constant>, shape, stream, mu, log_variance, z, divergence, kl_weight, kl,
                   weighted_kl,
                   cuda::workspace<double>(context, std::int64_t{2} * shape.grid.x * shape.grid.y),
                   cuda::tickets(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::reparameterize);

template <class T>
void cuda::reparameterize_backward(Context& context, RandomStream stream, MatrixView<const T> mu,
                                   MatrixView<const T> log_variance, MatrixView<const T> grad_z,
                                   const T* kl_weight, Divergence divergence, MatrixView<T> grad_mu,
                                   MatrixView<T> grad_log_variance) {
  using namespace kernels::reparameterize;
  const bool all_aligned = aligned(mu, log_variance, grad_z, grad_mu, grad_log_variance);
  device::with_width<width>(all_aligned, [&](auto constant) {
    device::launch(sample_backward<constant>,
                   {.grid = device::slab_grid<threads>(mu.rows, mu.cols),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   stream, mu, log_variance, grad_z, kl_weight, divergence, grad_mu, grad_log_variance);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::reparameterize_backward);

}  // namespace sparcell
