// Spectral normalization. One half of a power iteration is one kernel: its blocks multiply, and the one that
// is done last normalizes what all have written. W^T u takes slabs of columns, W v a warp per row; norms and
// sigma are summed in f64.
#include "sparcell/ops/spectral_norm.h"

#include "cuda/memory.h"
#include "device/slab.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::spectral_norm {

using device::Columns, device::Four, device::four, device::Fours, device::load, device::Slab, device::store;

constexpr int threads = 256;
constexpr int batch_threads = 512;  // where a block sees all rows of its slab
constexpr int warps = threads / device::warp_size;
constexpr int width = device::own_columns;

__device__ __forceinline__ float dot(const Four& x, const Four& y) {
  return (x[0] * y[0] + x[1] * y[1]) + (x[2] * y[2] + x[3] * y[3]);
}

/// max(|x|, epsilon), for every thread of the block.
template <int threads>
__device__ __forceinline__ float norm_of(const float* x, std::int64_t size) {
  double squares = 0;
  device::for_each_in_block(size, [&](std::int64_t i) {
    const auto value = static_cast<double>(load(x + i));
    squares += value * value;
  });
  const auto norm = static_cast<float>(math::square_root(device::block_sum<threads>(squares)));
  const auto epsilon = static_cast<float>(spectral_epsilon);
  return norm < epsilon ? epsilon : norm;
}

/// v = W^T u / |W^T u|
template <int access>
__global__ void __launch_bounds__(batch_threads)
    iterate_v(MatrixView<const float> weight, const float* u, float* v, unsigned* ticket) {
  device::for_each_slab<batch_threads>(weight.cols, [&](const Slab& slab) {
    Fours<1> sums{};
    slab.for_each_row(weight.rows, [&](std::int64_t r) {
      const Four row = slab.load<access>(weight.row(r));
      const float factor = load(u + r);
      device::add(sums.of[0], four([&](int k) { return factor * row[k]; }));
    });
    sums = device::column_sums<batch_threads>(sums);
    if (slab.leads()) slab.store<access>(v, sums.of[0]);
  });
  if (!device::is_last_block(ticket)) return;
  const float divisor = norm_of<batch_threads>(v, weight.cols);
  device::for_each_in_block(weight.cols, [&](std::int64_t c) { store(v + c, load(v + c) / divisor); });
}

/// product = W v; where `iterate`, u = product / |product|; 1 / (u . product); copies of u and v.
template <int access>
__global__ void __launch_bounds__(threads)
    sigma_of(MatrixView<const float> weight, bool iterate, float* u, const float* v, float* product,
             float* inverse_sigma, float* kept_u, float* kept_v, unsigned* ticket) {
  const int warp = static_cast<int>(threadIdx.x) / device::warp_size,
            lane = static_cast<int>(threadIdx.x) % device::warp_size;
  device::for_each_in_blocks((weight.rows + warps - 1) / warps, [&](std::int64_t group) {
    const std::int64_t r = group * warps + warp;
    if (r >= weight.rows) return;
    float sum = 0;
#pragma unroll 4
    for (std::int64_t i = lane; i * width < weight.cols; i += device::warp_size) {
      const Columns columns = device::columns_at(i, weight.cols);
      sum += dot(columns.load<access>(weight.row(r)), columns.load<access>(v));
    }
    sum = device::warp_sum(sum);
    if (lane == 0) store(product + r, sum);
  });
  if (!device::is_last_block(ticket)) return;
  const float divisor = iterate ? norm_of<threads>(product, weight.rows) : 1;
  double sigma = 0;
  device::for_each_in_block(weight.rows, [&](std::int64_t r) {
    const float at = load(product + r), unit = iterate ? at / divisor : load(u + r);
    sigma += static_cast<double>(unit * at);
    if (iterate) store(u + r, unit);
    store(kept_u + r, unit);
  });
  device::for_each_in_block(weight.cols, [&](std::int64_t c) { store(kept_v + c, load(v + c)); });
  sigma = device::block_sum<threads>(sigma);
  if (threadIdx.x == 0) store(inverse_sigma, static_cast<float>(1 / sigma));
}

template <int access>
__global__ void __launch_bounds__(threads)
    inner_product(MatrixView<const float> grad_linear, MatrixView<const float> a, const float* bias,
                  float* inner, double* partial, unsigned* ticket) {
  double sum = 0;
  device::for_each_slab<threads>(a.cols, [&](const Slab& slab) {
    const Four shift = bias == nullptr ? Four{} : slab.load<access>(bias);
    slab.for_each_row(a.rows, [&](std::int64_t r) {
      const Four g = slab.load<access>(grad_linear.row(r)), at = slab.load<access>(a.row(r));
      sum += static_cast<double>(dot(g, four([&](int k) { return at[k] - shift[k]; })));
    });
  });
  sum = device::block_sum<threads>(sum);
  if (device::sum_over_blocks<threads>(sum, partial, ticket) && threadIdx.x == 0)
    store(inner, load(inner) + static_cast<float>(sum));
}

template <int access>
__global__ void __launch_bounds__(threads) correct(MatrixView<const float> u, MatrixView<const float> v,
                                                   const float* inner, MatrixView<float> grad_weight) {
  device::for_each_slab<threads>(grad_weight.cols, [&](const Slab& slab) {
    slab.for_each_row(grad_weight.rows, [&](std::int64_t r) {
      Four grad = slab.load<access>(grad_weight.row(r));
      for (std::int64_t p = 0; p < u.rows; ++p) {
        const float factor = load(inner + p) * load(u.row(p) + r);
        const Four vector = slab.load<access>(v.row(p));
        grad = four([&](int k) { return grad[k] - factor * vector[k]; });
      }
      slab.store<access>(grad_weight.row(r), grad);
    });
  });
}

}  // namespace kernels::spectral_norm

template <class T>
void cuda::spectral_sigma(Context& context, MatrixView<const T> weight, bool iterate, std::span<T> u,
                          std::span<T> v, T* inverse_sigma, std::span<T> kept_u, std::span<T> kept_v) {
  using namespace kernels::spectral_norm;
  const bool aligned = device::aligned_rows<width>(weight) && device::aligned<width>(v.data());
  const cudaStream_t stream = device::stream_of(context);
  device::with_width<width>(aligned, [&](auto constant) {
    if (iterate) {
      device::launch(iterate_v<constant>,
                     {.grid = device::slab_grid(weight.cols), .block = batch_threads, .stream = stream},
                     weight, u.data(), v.data(), cuda::ticket(context));
    }
    device::launch(sigma_of<constant>,
                   {.grid = device::blocks_for(weight.rows, warps), .block = threads, .stream = stream},
                   weight, iterate, u.data(), v.data(), cuda::workspace<T>(context, weight.rows),
                   inverse_sigma, kept_u.data(), kept_v.data(), cuda::ticket(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::spectral_sigma);

template <class T>
void cuda::spectral_inner(Context& context, MatrixView<const T> grad_linear, MatrixView<const T> a,
                          std::span<const T> bias, T* inner) {
  using namespace kernels::spectral_norm;
  const device::LaunchShape shape{.grid = device::slab_grid<threads>(a.rows, a.cols),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  const bool aligned = device::aligned_rows<width>(grad_linear) && device::aligned_rows<width>(a) &&
                       device::aligned<width>(bias.data());
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(inner_product<constant>, shape, grad_linear, a, device::data_or_null(bias), inner,
                   cuda::workspace<double>(context, std::int64_t{shape.grid.x} * shape.grid.y),
                   cuda::ticket(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::spectral_inner);

template <class T>
void cuda::spectral_correction(Context& context, MatrixView<const T> u, MatrixView<const T> v,
                               std::span<const T> inner, MatrixView<T> grad_weight) {
  using namespace kernels::spectral_norm;
  const bool aligned = device::aligned_rows<width>(v) && device::aligned_rows<width>(grad_weight);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(correct<constant>,
                   {.grid = device::slab_grid<threads>(grad_weight.rows, grad_weight.cols),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   u, v, inner.data(), grad_weight);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::spectral_correction);

}  // namespace sparcell
