// A last layer with its squared error. Where the product is small a block has all rows of four neighbouring
// outputs in registers (linear_slab.h): errors, the gradient and the sums of its columns are made there, and
// the outputs are never written. Larger products are cuBLASLt's, and kernels/cuda/loss makes the rest.
#include "sparcell/ops/linear_loss.h"

#include "cuda/linear_parts.h"
#include "cuda/loss_parts.h"
#include "sparcell/ops/loss.h"
#include "sparcell/ops/matmul.h"

namespace sparcell {
namespace kernels::linear_loss {

using namespace linear;

/// The sum over a block of what its threads have, for every thread. All threads call it; a barrier must stand
/// between two calls.
__device__ __forceinline__ double sum_over_block(double value) {
  __shared__ double of_warps[most_warps];
  const int warps = static_cast<int>(blockDim.x) / warp_size;
  value = device::warp_sum(value);
  if (threadIdx.x % warp_size == 0) store(of_warps + threadIdx.x / warp_size, value);
  __syncthreads();
  double each[most_warps];  // read together, as sum_over_rows has it
#pragma unroll
  for (int w = 0; w < most_warps; ++w) each[w] = w < warps ? load(of_warps + w) : 0;
  double sum = each[0];
#pragma unroll
  for (int w = 1; w < most_warps; ++w) sum += each[w];
  return sum;
}

/// What blocks meet by: memory for the parts of products and for the errors of slabs.
struct Meeting {
  float* partial;
  double* of_slabs;
  unsigned* tickets;
};

/// *loss += scale * the sum of what one block of each slab has, in the order of slabs. All threads of those
/// blocks call it.
__device__ __forceinline__ void add_slabs(double squares, const Meeting& meeting, double scale,
                                          double* loss) {
  squares = sum_over_block(squares);
  if (threadIdx.x == 0) store(meeting.of_slabs + blockIdx.x, squares);
  if (!device::is_last_of(gridDim.x, meeting.tickets + ticket_of_all)) return;
  squares = 0;
  device::for_each_in_block(gridDim.x, [&](std::int64_t slab) { squares += load(meeting.of_slabs + slab); });
  squares = sum_over_block(squares);
  if (threadIdx.x == 0) store(loss, load(loss) + scale * squares);
}

template <int width, int items>
__global__ void __launch_bounds__(threads, blocks)
    squared_error(MatrixView<const float> input, MatrixView<const float> weight, Parameters parameters,
                  OutputActivation activation, MatrixView<const float> target, float factor,
                  MatrixView<float> gradient, float* grad_bias, double loss_scale, double* loss,
                  Meeting meeting) {
  float* const staged = device::dynamic_shared<float>();
  const Place place;
  const Part part(input.cols);
  part.take_columns(input), part.take_columns(weight);
  Stage<Features::are_rows, width, stage_ahead, float> stage(weight, part.count, staged);
  const auto first = Rows<width, items>(place, input, 0).fetch_first();
  const Feature feature(place, gradient.cols, parameters);
  const float grad_before = feature.leads ? feature.of(grad_bias, 0) : 0;
  float expected[items] = {};
  for_each_row<items>(place, gradient.rows, [&](int i, std::int64_t row) {
    if (feature.there) expected[i] = load(target.row(row) + feature.column);
  });
  stage.put();
  __syncthreads();
  float at[items];
#pragma unroll
  for (int i = 0; i < items; ++i) {
    const Rows<width, items> rows(place, input, static_cast<std::int64_t>(i) * place.tile_rows);
    at[i] = product(rows, i == 0 ? first : rows.fetch_first(), padded(input.cols), staged);
  }
  if (!add_parts(at, meeting.partial, meeting.tickets)) return;
  float sums[1] = {};
  double squares = 0;
  for_each_row<items>(place, gradient.rows, [&](int i, std::int64_t row) {
    if (!feature.there) return;
    const float a = at[i] + feature.bias, difference = output(activation, a) - expected[i],
                grad = factor * difference * output_slope(activation, a);
    store(gradient.row(row) + feature.column, grad);
    sums[0] += grad;
    squares += static_cast<double>(difference * difference);
  });
  if (grad_bias != nullptr) {
    sum_over_rows<first_sums>(sums);
    if (feature.leads) store(grad_bias + feature.column, grad_before + sums[0]);
  }
  add_slabs(squares, meeting, loss_scale, loss);
}

}  // namespace kernels::linear_loss

template <class T>
void cuda::linear_squared_error(Context& context, MatrixView<const T> input, MatrixView<const T> weight,
                                std::span<const T> bias, OutputActivation activation,
                                MatrixView<const T> target, LossTerm loss, MatrixView<T> gradient,
                                std::span<T> grad_bias) {
  using namespace kernels::linear_loss;
  if (!is_small_product(input, gradient.cols)) {
    cuda::matmul<T>(context, Transpose::no, Transpose::yes, input, weight, T(0), gradient);
    return cuda::dense_squared_error<T>(context, gradient, bias, activation, target, loss,
                                        gradient, grad_bias);
  }
  launch(context, gradient.rows, gradient.cols, input.cols, shared_bytes(input.cols),
         device::aligned_rows<columns>(input) && device::aligned_rows<columns>(weight),
         [&](auto width, auto items, const device::LaunchShape& shape) {
           // The errors of slabs, in f64, stand before the parts.
           auto* const memory =
               cuda::workspace<double>(context, shape.grid.x + handed_over(shape, items) / 2);
           const Meeting meeting{reinterpret_cast<float*>(memory + shape.grid.x), memory,
                                 cuda::tickets(context)};
           device::launch(kernels::linear_loss::squared_error<width, items>, shape, input, weight,
                          Parameters(LayerParameters<T>{.bias = bias, .weight = {}, .offset = {}}),
                          activation, target, static_cast<T>(2 * loss.gradient_scale), gradient,
                          device::data_or_null(grad_bias), loss.scale, loss.sum, meeting);
         });
}
SPARCELL_INSTANTIATE_CUDA(cuda::linear_squared_error);

}  // namespace sparcell
