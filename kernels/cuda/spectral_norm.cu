// Spectral normalization. One half of a power iteration is one kernel. W^T u takes slabs of columns; W v a
// warp per row, which finds the norm of W^T u while it multiplies, and the block that is done last normalizes
// both vectors. Norms and sigma are summed in f64. The layers of a network share a launch: blockIdx.z is the
// layer, or the pass of a layer, and the grid is that of the largest.
#include "sparcell/ops/spectral_norm.h"

#include <algorithm>

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
constexpr int rows_at_once = 4;  // of W that a thread has on their way

constexpr std::size_t weights_at_once = 8, inners_at_once = 16;
static_assert(inners_at_once <= cuda::most_tickets);

struct Weight {
  MatrixView<const float> weight;
  float *u, *v, *inverse_sigma;
  MatrixView<float> kept_u, kept_v;
  float* product;  ///< W v, and behind it |W^T u|
};

struct Term {
  MatrixView<const float> grad_linear, a;
  const float* bias;  ///< null for 0
};
struct Inner {
  Term terms[2];
  float* inner;
  bool aligned;
};

struct Gradient {
  MatrixView<const float> u, v;
  const float* inner;
  MatrixView<float> grad_weight;
};

/// What the z-layers of a grid work on.
template <class Job, std::size_t most>
struct Jobs {
  Job job[most];

  __device__ __forceinline__ Job of_block() const { return job[blockIdx.z]; }
};
using Weights = Jobs<Weight, weights_at_once>;
using Inners = Jobs<Inner, inners_at_once>;
using Gradients = Jobs<Gradient, weights_at_once>;

__device__ __forceinline__ float dot(const Four& x, const Four& y) {
  return (x[0] * y[0] + x[1] * y[1]) + (x[2] * y[2] + x[3] * y[3]);
}

/// max(|x|, epsilon) of a sum of squares.
__device__ __forceinline__ float norm_from(double squares) {
  const auto norm = static_cast<float>(math::square_root(squares)),
             epsilon = static_cast<float>(spectral_epsilon);
  return norm < epsilon ? epsilon : norm;
}

/// The same of x, for every thread of the block.
template <int threads>
__device__ __forceinline__ float norm_of(const float* x, std::int64_t size) {
  double squares = 0;
  device::for_each_in_block(size, [&](std::int64_t i) {
    const auto value = static_cast<double>(load(x + i));
    squares += value * value;
  });
  return norm_from(device::block_sum<threads>(squares));
}

/// v = W^T u, which sigma_of normalizes.
template <int access>
__global__ void __launch_bounds__(batch_threads) iterate_v(Weights weights) {
  const Weight w = weights.of_block();
  device::for_each_slab<batch_threads>(w.weight.cols, [&](const Slab& slab) {
    Fours<1> sums{};
    struct Row {
      Four weight;
      float factor;
    };
    slab.for_each_row<rows_at_once>(
        w.weight.rows,
        [&](std::int64_t r) {
          return Row{slab.load<access>(w.weight.row(r)), load(w.u + r)};
        },
        [&](std::int64_t, const Row& row) {
          device::add(sums.of[0], four([&](int k) { return row.factor * row.weight[k]; }));
        });
    sums = device::column_sums<batch_threads>(sums);
    if (slab.leads()) slab.store<access>(w.v, sums.of[0]);
  });
}

/// v = v / |v|, product = W v, u = product / |product|; 1 / (u . product); copies of u and v.
template <int access>
__global__ void __launch_bounds__(threads) sigma_of(Weights weights, unsigned* tickets) {
  const Weight w = weights.of_block();
  const std::int64_t rows = w.weight.rows, cols = w.weight.cols;
  const int warp = static_cast<int>(threadIdx.x) / device::warp_size,
            lane = static_cast<int>(threadIdx.x) % device::warp_size;
  device::for_each_in_blocks((rows + warps - 1) / warps, [&](std::int64_t group) {
    const std::int64_t r = group * warps + warp;
    if (r >= rows) return;
    float sum = 0;
    double squares = 0;
#pragma unroll 4
    for (std::int64_t i = lane; i * width < cols; i += device::warp_size) {
      const Columns columns = device::columns_at(i, cols);
      const Four at = columns.load<access>(w.v);
      sum += dot(columns.load<access>(w.weight.row(r)), at);
      squares += static_cast<double>(dot(at, at));
    }
    const float norm = norm_from(device::warp_sum(squares));
    sum = device::warp_sum(sum) / norm;
    if (lane == 0) store(w.product + r, sum);
    if (lane == 0 && r == 0) store(w.product + rows, norm);
  });
  if (!device::is_last_block(tickets)) return;
  const float divisor = norm_of<threads>(w.product, rows), norm = load(w.product + rows);
  double sigma = 0;
  device::for_each_in_block(rows, [&](std::int64_t r) {
    const float at = load(w.product + r), unit = at / divisor;
    sigma += static_cast<double>(unit * at);
    store(w.u + r, unit);
    for (std::int64_t p = 0; p < w.kept_u.rows; ++p) store(w.kept_u.row(p) + r, unit);
  });
  device::for_each_in_block(cols, [&](std::int64_t c) {
    const float unit = load(w.v + c) / norm;
    store(w.v + c, unit);
    for (std::int64_t p = 0; p < w.kept_v.rows; ++p) store(w.kept_v.row(p) + c, unit);
  });
  sigma = device::block_sum<threads>(sigma);
  device::for_each_in_block(
      w.kept_u.rows, [&](std::int64_t p) { store(w.inverse_sigma + p, static_cast<float>(1 / sigma)); });
}

/// The calling thread's share of sum(grad_linear * (a - bias)).
template <int access>
__device__ __forceinline__ double product_sum(const Term& term) {
  const auto& [grad_linear, a, bias] = term;
  double sum = 0;
  device::for_each_slab<threads>(a.cols, [&](const Slab& slab) {
    const Four shift = bias == nullptr ? Four{} : slab.load<access>(bias);
    slab.for_each_row(a.rows, [&](std::int64_t r) {
      const Four g = slab.load<access>(grad_linear.row(r)), at = slab.load<access>(a.row(r));
      sum += static_cast<double>(dot(g, four([&](int k) { return at[k] - shift[k]; })));
    });
  });
  return sum;
}

__global__ void __launch_bounds__(threads) inner_product(Inners inners, double* partial, unsigned* tickets) {
  const Inner job = inners.of_block();
  double sum = 0;
#pragma unroll
  for (int t = 0; t < 2; ++t)
    sum += job.aligned ? product_sum<width>(job.terms[t]) : product_sum<1>(job.terms[t]);
  sum = device::block_sum<threads>(sum);
  if (device::sum_over_blocks<threads>(sum, partial, tickets) && threadIdx.x == 0)
    store(job.inner, static_cast<float>(sum));
}

template <int access>
__global__ void __launch_bounds__(threads) correct(Gradients gradients) {
  const Gradient job = gradients.of_block();
  const MatrixView<float> grad_weight = job.grad_weight;
  device::for_each_slab<threads>(grad_weight.cols, [&](const Slab& slab) {
    slab.for_each_row(grad_weight.rows, [&](std::int64_t r) {
      Four grad = slab.load<access>(grad_weight.row(r));
      for (std::int64_t p = 0; p < job.u.rows; ++p) {
        const float factor = load(job.inner + p) * load(job.u.row(p) + r);
        const Four vector = slab.load<access>(job.v.row(p));
        grad = four([&](int k) { return grad[k] - factor * vector[k]; });
      }
      slab.store<access>(grad_weight.row(r), grad);
    });
  });
}

/// The z-layers of a grid for `count` jobs, and its largest extents.
struct Extent {
  std::int64_t rows = 0, cols = 0;

  void include(std::int64_t other_rows, std::int64_t other_cols) {
    rows = std::max(rows, other_rows);
    cols = std::max(cols, other_cols);
  }
};
dim3 with_layers(dim3 grid, std::size_t count) {
  grid.z = static_cast<unsigned>(count);
  return grid;
}

/// Calls use(jobs) for as many jobs as a launch takes at once.
template <class Job, class Use>
void in_parts(std::span<const Job> jobs, std::size_t most, Use&& use) {
  for (; jobs.size() > most; jobs = jobs.subspan(most)) use(jobs.first(most));
  if (!jobs.empty()) use(jobs);
}

/// The room that W v and a norm of some weights take.
std::int64_t products_of(std::span<const SpectralWeight<float>> weights) {
  std::int64_t numbers = 0;
  for (const SpectralWeight<float>& w : weights) numbers += w.weight.rows + 1;
  return numbers;
}

void launch_sigma(Context& context, std::span<const SpectralWeight<float>> weights) {
  Weights jobs{};
  Extent largest;
  bool aligned = true;
  float* product = cuda::workspace<float>(context, products_of(weights));
  for (std::size_t i = 0; i < weights.size(); ++i) {
    const auto& [weight, u, v, inverse_sigma, kept_u, kept_v] = weights[i];
    jobs.job[i] = {weight, u.data(), v.data(), inverse_sigma.data(), kept_u, kept_v, product};
    product += weight.rows + 1;
    largest.include(weight.rows, weight.cols);
    aligned = aligned && device::aligned_rows<width>(weight) && device::aligned<width>(v.data());
  }
  const cudaStream_t stream = device::stream_of(context);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(iterate_v<constant>,
                   {.grid = with_layers(device::slab_grid(largest.cols), weights.size()),
                    .block = batch_threads,
                    .stream = stream},
                   jobs);
    device::launch(sigma_of<constant>,
                   {.grid = with_layers(device::blocks_for(largest.rows, warps), weights.size()),
                    .block = threads,
                    .stream = stream},
                   jobs, cuda::tickets(context));
  });
}

void launch_inner(Context& context, std::span<const SpectralInner<float>> inners) {
  Inners jobs{};
  Extent largest{1, 1};  // an inner product of nothing is 0
  for (std::size_t i = 0; i < inners.size(); ++i) {
    jobs.job[i].inner = inners[i].inner;
    jobs.job[i].aligned = true;
    for (int t = 0; t < 2; ++t) {
      const auto& [grad_linear, a, bias] = inners[i].terms[t];
      jobs.job[i].terms[t] = {grad_linear, a, device::data_or_null(bias)};
      largest.include(a.rows, a.cols);
      jobs.job[i].aligned = jobs.job[i].aligned && device::aligned_rows<width>(grad_linear) &&
                            device::aligned_rows<width>(a) && device::aligned<width>(bias.data());
    }
  }
  const dim3 grid = with_layers(device::slab_grid<threads>(largest.rows, largest.cols), inners.size());
  device::launch(inner_product, {.grid = grid, .block = threads, .stream = device::stream_of(context)}, jobs,
                 cuda::workspace<double>(context, std::int64_t{grid.x} * grid.y * grid.z),
                 cuda::tickets(context));
}

void launch_correction(Context& context, std::span<const SpectralGradient<float>> gradients) {
  Gradients jobs{};
  Extent largest;
  bool aligned = true;
  for (std::size_t i = 0; i < gradients.size(); ++i) {
    const auto& [u, v, inner, grad_weight] = gradients[i];
    jobs.job[i] = {u, v, inner.data(), grad_weight};
    largest.include(grad_weight.rows, grad_weight.cols);
    aligned = aligned && device::aligned_rows<width>(v) && device::aligned_rows<width>(grad_weight);
  }
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(
        correct<constant>,
        {.grid = with_layers(device::slab_grid<threads>(largest.rows, largest.cols), gradients.size()),
         .block = threads,
         .stream = device::stream_of(context)},
        jobs);
  });
}

}  // namespace kernels::spectral_norm

template <class T>
void cuda::spectral_sigma(Context& context, std::span<const SpectralWeight<T>> weights) {
  using namespace kernels::spectral_norm;
  in_parts(weights, weights_at_once,
           [&](std::span<const SpectralWeight<T>> part) { launch_sigma(context, part); });
}
SPARCELL_INSTANTIATE_CUDA(cuda::spectral_sigma);

template <class T>
void cuda::spectral_inner(Context& context, std::span<const SpectralInner<T>> inners) {
  using namespace kernels::spectral_norm;
  in_parts(inners, inners_at_once,
           [&](std::span<const SpectralInner<T>> part) { launch_inner(context, part); });
}
SPARCELL_INSTANTIATE_CUDA(cuda::spectral_inner);

template <class T>
void cuda::spectral_correction(Context& context, std::span<const SpectralGradient<T>> gradients) {
  using namespace kernels::spectral_norm;
  in_parts(gradients, weights_at_once,
           [&](std::span<const SpectralGradient<T>> part) { launch_correction(context, part); });
}
SPARCELL_INSTANTIATE_CUDA(cuda::spectral_correction);

}  // namespace sparcell
