// Gradient penalty: one block per row. The norm of a row and the tangent come from one read of it: the first
// 5,120 elements stay in registers, what is longer is read again, from the L2 cache.
#include "sparcell/ops/gradient_penalty.h"

#include "cuda/memory.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/activation.h"
#include "math/philox.h"

namespace sparcell {
namespace kernels::gradient_penalty {

using device::load, device::load_vector, device::store, device::store_global_vector, device::Vector;

constexpr int threads = 256;
constexpr int widest = device::widest<float>;
constexpr int elements_per_thread = 20;  // kept of a row

template <int width>
__global__ void __launch_bounds__(threads)
    interpolate(RandomStream random_stream, MatrixView<const float> real, MatrixView<const float> generated,
                MatrixView<float> out) {
  const math::PhiloxStream stream(random_stream);
  device::for_each_in_blocks(out.rows, [&](std::int64_t r) {
    // Every thread draws the row's share: quicker than waiting for the one that would.
    const float share = math::uniform<float>(stream.word(static_cast<std::uint64_t>(r)));
    const auto between = [&](float x, float y) { return share * x + (1.0f - share) * y; };
    const std::int64_t vectors = out.cols / width;
    device::for_each_in_block(vectors, [&](std::int64_t v) {
      auto x = load_vector<width>(real.row(r) + v * width);
      const auto y = load_vector<width>(generated.row(r) + v * width);
#pragma unroll
      for (int k = 0; k < width; ++k) x[k] = between(x[k], y[k]);
      store_global_vector(out.row(r) + v * width, x);
    });
    device::for_each_in_block(out.cols - vectors * width, [&](std::int64_t i) {
      const std::int64_t c = vectors * width + i;
      store(out.row(r) + c, between(load(real.row(r) + c), load(generated.row(r) + c)));
    });
  });
}

/// One row of g: `vectors` aligned vectors and a rest of fewer than `width` elements.
template <int width>
struct Row {
  static constexpr int kept_vectors = elements_per_thread / width;

  const float* from;
  std::int64_t vectors, rest;
  Vector<float, width> kept[kept_vectors];

  __device__ __forceinline__ Row(const float* from, std::int64_t cols)
      : from(from), vectors(cols / width), rest(cols % width) {
#pragma unroll
    for (int k = 0; k < kept_vectors; ++k) {
      const std::int64_t v = threadIdx.x + k * threads;
      if (v < vectors) kept[k] = load_vector<width>(from + v * width);
    }
  }

  /// Calls body(first element, vector) for the calling thread's vectors, and single(element, value) for its
  /// share of the rest.
  template <class Body, class Single>
  __device__ __forceinline__ void for_each(Body&& body, Single&& single) const {
#pragma unroll
    for (int k = 0; k < kept_vectors; ++k) {
      const std::int64_t v = threadIdx.x + k * threads;
      if (v < vectors) body(v * width, kept[k]);
    }
    for (std::int64_t v = threadIdx.x + kept_vectors * threads; v < vectors; v += threads)
      body(v * width, load_vector<width>(from + v * width));
    device::for_each_in_block(rest, [&](std::int64_t i) {
      const std::int64_t c = vectors * width + i;
      single(c, load(from + c));
    });
  }
};

__device__ __forceinline__ double square(double x) { return x * x; }

template <int width>
__global__ void __launch_bounds__(threads)
    penalty_tangent(MatrixView<const float> g, double target, double factor, double penalty_scale,
                    double* partial, unsigned* ticket, double* penalty, MatrixView<float> tangent) {
  double block_penalty = 0;
  device::for_each_in_blocks(g.rows, [&](std::int64_t r) {
    const Row<width> row(g.row(r), g.cols);
    double squares = 0;
    row.for_each(
        [&](std::int64_t, const Vector<float, width>& v) {
#pragma unroll
          for (int k = 0; k < width; ++k) squares += square(static_cast<double>(v[k]));
        },
        [&](std::int64_t, float value) { squares += square(static_cast<double>(value)); });
    const double norm = math::square_root(device::block_sum<threads>(squares));
    block_penalty += square(norm - target);
    const float along = norm == 0 ? 0.0f : static_cast<float>(factor * (norm - target) / norm);
    float* const to = tangent.row(r);
    row.for_each(
        [&](std::int64_t c, Vector<float, width> v) {
#pragma unroll
          for (int k = 0; k < width; ++k) v[k] *= along;
          store_global_vector(to + c, v);
        },
        [&](std::int64_t c, float value) { store(to + c, along * value); });
  });
  if (device::sum_over_blocks<threads>(block_penalty, partial, ticket) && threadIdx.x == 0)
    store(penalty, load(penalty) + penalty_scale * block_penalty);
}

__device__ __forceinline__ float scale_or_one(const float* scale) {
  return scale == nullptr ? 1.0f : load(scale);
}

template <PenaltyOn head>
__global__ void __launch_bounds__(threads)
    head_derivative(MatrixView<const float> logits, const float* scale, MatrixView<float> out) {
  const float factor = scale_or_one(scale);
  device::for_each_in_grid(logits.rows, [&](std::int64_t r) {
    float first = 1;
    if constexpr (head == PenaltyOn::probability) {
      const float p = math::sigmoid(load(logits.row(r)));
      first = p * (1.0f - p);
    }
    store(out.row(r), factor * first);
  });
}

template <PenaltyOn head>
__global__ void __launch_bounds__(threads)
    head_second_derivative(MatrixView<const float> logits, const float* scale,
                           MatrixView<float> tangent_linear, MatrixView<float> out) {
  const float factor = scale_or_one(scale);
  device::for_each_in_grid(logits.rows, [&](std::int64_t r) {
    float second = 0;
    if constexpr (head == PenaltyOn::probability) {
      const float p = math::sigmoid(load(logits.row(r)));
      second = p * (1.0f - p) * (1.0f - 2.0f * p);
    }
    const float tangent = load(tangent_linear.row(r)) * factor;
    store(tangent_linear.row(r), tangent);
    store(out.row(r), second * tangent);
  });
}

}  // namespace kernels::gradient_penalty

template <class T>
void cuda::interpolate(Context& context, RandomStream stream, MatrixView<const T> real,
                       MatrixView<const T> generated, MatrixView<T> out) {
  using namespace kernels::gradient_penalty;
  const bool aligned = device::aligned_rows<widest>(real) && device::aligned_rows<widest>(generated) &&
                       device::aligned_rows<widest>(out);
  device::launch(
      aligned ? kernels::gradient_penalty::interpolate<widest> : kernels::gradient_penalty::interpolate<1>,
      {.grid = device::blocks_for(out.rows, 1), .block = threads, .stream = device::stream_of(context)},
      stream, real, generated, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::interpolate);

template <class T>
void cuda::penalty_tangent(Context& context, MatrixView<const T> g, double target, double weight,
                           double penalty_scale, double* penalty, MatrixView<T> tangent) {
  using namespace kernels::gradient_penalty;
  const bool aligned = device::aligned_rows<widest>(g) && device::aligned_rows<widest>(tangent);
  const unsigned blocks = device::blocks_for(g.rows, 1);
  const auto rows = static_cast<double>(g.rows);
  device::launch(aligned ? kernels::gradient_penalty::penalty_tangent<widest>
                         : kernels::gradient_penalty::penalty_tangent<1>,
                 {.grid = blocks, .block = threads, .stream = device::stream_of(context)}, g, target,
                 weight * 2 / rows, penalty_scale / rows, workspace<double>(context, std::int64_t{blocks}),
                 tickets(context), penalty, tangent);
}
SPARCELL_INSTANTIATE_CUDA(cuda::penalty_tangent);

template <class T>
void cuda::head_derivative(Context& context, PenaltyOn head, MatrixView<const T> logits, const T* scale,
                           MatrixView<T> out) {
  using namespace kernels::gradient_penalty;
  device::launch(head == PenaltyOn::probability
                     ? kernels::gradient_penalty::head_derivative<PenaltyOn::probability>
                     : kernels::gradient_penalty::head_derivative<PenaltyOn::logit>,
                 {.grid = device::blocks_for(logits.rows, threads),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 logits, scale, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::head_derivative);

template <class T>
void cuda::head_second_derivative(Context& context, PenaltyOn head, MatrixView<const T> logits,
                                  const T* scale, MatrixView<T> tangent_linear, MatrixView<T> out) {
  using namespace kernels::gradient_penalty;
  device::launch(head == PenaltyOn::probability
                     ? kernels::gradient_penalty::head_second_derivative<PenaltyOn::probability>
                     : kernels::gradient_penalty::head_second_derivative<PenaltyOn::logit>,
                 {.grid = device::blocks_for(logits.rows, threads),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 logits, scale, tangent_linear, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::head_second_derivative);

}  // namespace sparcell
