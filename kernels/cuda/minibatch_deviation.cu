// Minibatch standard deviation: a block takes a slab of 32 columns, a lane each, and its warps take turns at
// the rows. Columns are read again for each sum, from the L2 cache: a batch of one layer is small.
#include "sparcell/ops/minibatch_deviation.h"

#include "cuda/memory.h"
#include "device/access.h"
#include "device/columns.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::minibatch_deviation {

using device::load, device::SlabPlace, device::store;

constexpr int threads = 256;
constexpr int warps = threads / device::warp_size;

/// The sum over rows of term(r) for the lane's column, in the order of warps, for all threads of the block.
template <class Term>
__device__ __forceinline__ double column_sum(const SlabPlace& place, const MatrixView<const float>& x,
                                             Term&& term) {
  __shared__ double of_warps[warps][device::slab_columns];
  double own = 0;
  if (place.column < x.cols) {
    for (std::int64_t r = place.warp; r < x.rows; r += warps) own += term(r);
  }
  store(&of_warps[place.warp][place.lane], own);
  __syncthreads();
  double sum = 0;
#pragma unroll
  for (int warp = 0; warp < warps; ++warp) sum += load(&of_warps[warp][place.lane]);
  __syncthreads();  // the next sum writes there again
  return sum;
}

/// Mean and deviation s_c of the lane's column.
struct Column {
  double mean, deviation;

  __device__ __forceinline__ Column(const SlabPlace& place, const MatrixView<const float>& x) {
    const auto rows = static_cast<double>(x.rows);
    mean = column_sum(place, x,
                      [&](std::int64_t r) { return static_cast<double>(load(x.row(r) + place.column)); }) /
           rows;
    const double squares = column_sum(place, x, [&](std::int64_t r) {
      const double off = static_cast<double>(load(x.row(r) + place.column)) - mean;
      return off * off;
    });
    deviation = math::square_root(squares / rows + minibatch_epsilon);
  }

  __device__ __forceinline__ double off(const float* at) const {
    return static_cast<double>(load(at)) - mean;
  }
};

/// The sum of (x - mu) * tangent over the rows of the lane's column.
__device__ __forceinline__ double along(const SlabPlace& place, const MatrixView<const float>& x,
                                        const MatrixView<const float>& tangent, const Column& column) {
  return column_sum(place, x, [&](std::int64_t r) {
    return column.off(x.row(r) + place.column) * static_cast<double>(load(tangent.row(r) + place.column));
  });
}

/// Adds the columns' values of all blocks and writes factor * the sum to every row of `out`.
__device__ __forceinline__ void fill_with_sum(const SlabPlace& place, std::int64_t columns, double of_column,
                                              double factor, double* partial, unsigned* ticket,
                                              const MatrixView<float>& out) {
  double sum = device::block_sum<threads>(place.warp == 0 && place.column < columns ? of_column : 0.0);
  if (!device::sum_over_blocks<threads>(sum, partial, ticket)) return;
  device::for_each_in_block(out.rows,
                            [&](std::int64_t r) { store(out.row(r), static_cast<float>(factor * sum)); });
}

/// The sum of a column of gradients over rows * features, for all threads of the block.
__device__ __forceinline__ double factor_of(const MatrixView<const float>& gradients, std::int64_t features) {
  double own = 0;
  device::for_each_in_block(gradients.rows,
                            [&](std::int64_t r) { own += static_cast<double>(load(gradients.row(r))); });
  return device::block_sum<threads>(own) /
         (static_cast<double>(gradients.rows) * static_cast<double>(features));
}

/// grad_x(r, column) += value(r) for the rows of the lane's column.
template <class Value>
__device__ __forceinline__ void add_to_column(const SlabPlace& place, const MatrixView<float>& grad_x,
                                              Value&& value) {
  if (place.column >= grad_x.cols) return;
  for (std::int64_t r = place.warp; r < grad_x.rows; r += warps) {
    float* const to = grad_x.row(r) + place.column;
    store(to, load(to) + static_cast<float>(value(r)));
  }
}

__global__ void __launch_bounds__(threads)
    deviation(MatrixView<const float> x, double* partial, unsigned* ticket, MatrixView<float> out) {
  const SlabPlace place;
  const Column column(place, x);
  fill_with_sum(place, x.cols, column.deviation, 1.0 / static_cast<double>(x.cols), partial, ticket, out);
}

__global__ void __launch_bounds__(threads)
    backward(MatrixView<const float> x, MatrixView<const float> grad, MatrixView<float> grad_x) {
  const SlabPlace place;
  const Column column(place, x);
  const double factor = factor_of(grad, x.cols) / column.deviation;
  add_to_column(place, grad_x, [&](std::int64_t r) { return factor * column.off(x.row(r) + place.column); });
}

__global__ void __launch_bounds__(threads)
    tangent_of(MatrixView<const float> x, MatrixView<const float> tangent, double* partial, unsigned* ticket,
               MatrixView<float> out) {
  const SlabPlace place;
  const Column column(place, x);
  const double slope = along(place, x, tangent, column) / column.deviation;
  const double factor = 1.0 / (static_cast<double>(x.rows) * static_cast<double>(x.cols));
  fill_with_sum(place, x.cols, slope, factor, partial, ticket, out);
}

__global__ void __launch_bounds__(threads) second(MatrixView<const float> x, MatrixView<const float> tangent,
                                                  MatrixView<const float> signal, MatrixView<float> grad_x) {
  const SlabPlace place;
  const Column column(place, x);
  const auto rows = static_cast<double>(x.rows);
  const double bend = along(place, x, tangent, column) / (rows * column.deviation * column.deviation);
  const double mean =
      column_sum(place, x,
                 [&](std::int64_t r) { return static_cast<double>(load(tangent.row(r) + place.column)); }) /
      rows;
  const double factor = factor_of(signal, x.cols) / column.deviation;
  add_to_column(place, grad_x, [&](std::int64_t r) {
    const double moved = static_cast<double>(load(tangent.row(r) + place.column)) - mean;
    return factor * (moved - column.off(x.row(r) + place.column) * bend);
  });
}

device::LaunchShape shape_for(Context& context, std::int64_t columns) {
  const auto slabs = static_cast<unsigned>((columns + device::slab_columns - 1) / device::slab_columns);
  return {.grid = slabs, .block = threads, .stream = device::stream_of(context)};
}

}  // namespace kernels::minibatch_deviation

template <class T>
void cuda::minibatch_deviation(Context& context, MatrixView<const T> x, MatrixView<T> out) {
  using namespace kernels::minibatch_deviation;
  const device::LaunchShape shape = shape_for(context, x.cols);
  device::launch(deviation, shape, x, workspace<double>(context, shape.grid.x), tickets(context), out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::minibatch_deviation);

template <class T>
void cuda::minibatch_deviation_backward(Context& context, MatrixView<const T> x, MatrixView<const T> grad,
                                        MatrixView<T> grad_x) {
  using namespace kernels::minibatch_deviation;
  device::launch(backward, shape_for(context, x.cols), x, grad, grad_x);
}
SPARCELL_INSTANTIATE_CUDA(cuda::minibatch_deviation_backward);

template <class T>
void cuda::minibatch_deviation_tangent(Context& context, MatrixView<const T> x, MatrixView<const T> tangent,
                                       MatrixView<T> out) {
  using namespace kernels::minibatch_deviation;
  const device::LaunchShape shape = shape_for(context, x.cols);
  device::launch(tangent_of, shape, x, tangent, workspace<double>(context, shape.grid.x), tickets(context),
                 out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::minibatch_deviation_tangent);

template <class T>
void cuda::minibatch_deviation_second(Context& context, MatrixView<const T> x, MatrixView<const T> tangent,
                                      MatrixView<const T> signal, MatrixView<T> grad_x) {
  using namespace kernels::minibatch_deviation;
  device::launch(second, shape_for(context, x.cols), x, tangent, signal, grad_x);
}
SPARCELL_INSTANTIATE_CUDA(cuda::minibatch_deviation_second);

}  // namespace sparcell
