// Small layers as a whole: a product and all that follows it in one kernel, forward and back. Where a batch
// or a layer is larger, cuBLASLt (of a sparse batch kernels/cuda/sparse_linear) makes the product and
// kernels/cuda/layer the rest.
#include "sparcell/ops/linear.h"

#include "cuda/input_major.h"
#include "cuda/linear_parts.h"
#include "cuda/memory.h"
#include "math/any_activation.h"
#include "math/elementary.h"
#include "sparcell/ops/matmul.h"
#include "sparcell/ops/sparse_linear.h"

namespace sparcell {
namespace kernels::linear {

using layer::Gradients, layer::Pass, layer::Statistics;
using math::AnyActivation;

/// Dropout's factors of the feature in the thread's rows. Made before products, while memory is waited for.
template <int items>
struct Keep {
  float factor[items];

  __device__ __forceinline__ Keep(const Pass& pass, const Place& place, const MatrixView<float>& out) {
    const math::PhiloxStream stream(pass.dropout);
#pragma unroll
    for (int i = 0; i < items; ++i) {
      factor[i] = 1;
      if (pass.probability == 0) continue;
      const std::int64_t row = place.row + static_cast<std::int64_t>(i) * place.tile_rows;
      const auto element = static_cast<std::uint64_t>(row * out.cols + place.column);
      factor[i] = math::uniform<float>(stream.word(element)) >= pass.probability ? pass.kept_scale : 0;
    }
  }
};

/// What both ways forward are told.
struct Layer {
  AnyActivation activation;
  bool normalizes;
  Parameters parameters;
  Statistics running;
  Pass pass;

  Layer(const LayerForm& form, const LayerParameters<float>& parameters,
        RunningStatistics<float> running_statistics, const LayerPass<float>& pass)
      : activation{form.activation, form.slope},
        normalizes(form.normalization == NormalizationLayer::batch),
        parameters(parameters),
        running(running_statistics),
        pass(form, pass) {}
};

/// From product_of(i), l of the thread's i-th row, to h. Where that is a part of l, complete(products) makes
/// l of it in one block and is false in the others. All threads of a block call it.
template <int items, class Product, class Complete>
__device__ __forceinline__ void finish_forward(const Layer& layer, const Place& place, Feature& feature,
                                               const Keep<items>& keep, MatrixView<float> linear,
                                               MatrixView<float> out, Product&& product_of,
                                               Complete&& complete) {
  const Pass& pass = layer.pass;
  const float scale = pass.scale_or_one();
  const bool remembers = layer.normalizes && feature.leads;
  const float running_mean = remembers ? load(layer.running.mean + feature.column) : 0,
              running_variance = remembers ? load(layer.running.spread + feature.column) : 0;
  float a[items];
#pragma unroll
  for (int i = 0; i < items; ++i) a[i] = product_of(i);
  if (!complete(a)) return;
#pragma unroll
  for (int i = 0; i < items; ++i) a[i] = scale * a[i] + feature.bias;
  if (layer.normalizes) {
    const auto rows = static_cast<float>(linear.rows);
    float sum[1] = {};
    for_each_row<items>(place, linear.rows, [&](int i, std::int64_t) { sum[0] += a[i]; });
    sum_over_rows<first_sums>(sum);
    const float mean = sum[0] / rows;
    sum[0] = 0;
    for_each_row<items>(place, linear.rows,
                        [&](int i, std::int64_t) { sum[0] += (a[i] - mean) * (a[i] - mean); });
    sum_over_rows<second_sums>(sum);
    const float inverse = 1 / math::square_root(sum[0] / rows + static_cast<float>(normalization_epsilon));
    feature.normalize(mean, inverse);
    if (remembers) {
      const auto momentum = static_cast<float>(batch_norm_momentum);
      store(pass.statistics.mean + feature.column, mean);
      store(pass.statistics.spread + feature.column, inverse);
      store(layer.running.mean + feature.column, running_mean + momentum * (mean - running_mean));
      store(layer.running.spread + feature.column,
            running_variance + momentum * (sum[0] / (rows - 1) - running_variance));
    }
  }
  if (!feature.there) return;
  for_each_row<items>(place, linear.rows, [&](int i, std::int64_t row) {
    store(linear.row(row) + feature.column, a[i]);
    if (out.data == linear.data) return;
    const float y = a[i] * feature.factor + feature.shift;
    store(out.row(row) + feature.column, layer.activation.value(y) * keep.factor[i]);
  });
}

template <Features features, int width, int items>
__global__ void __launch_bounds__(threads, blocks)
    forward(Layer layer, MatrixView<const float> input, MatrixView<const float> weight,
            MatrixView<float> linear, MatrixView<float> out, float* partial, unsigned* tickets) {
  float* const staged = device::dynamic_shared<float>();
  const Place place;
  const Part part(input.cols);
  part.take_columns(input);
  if constexpr (features == Features::are_rows) part.take_columns(weight);
  if constexpr (features == Features::are_columns) part.take_rows(weight);
  Stage<features, width, stage_ahead, float> stage(weight, part.count, staged);
  const auto first = Rows<width, items>(place, input, 0).fetch_first();
  Feature feature(place, linear.cols, layer.parameters);
  const Keep<items> keep(layer.pass, place, linear);
  stage.put();
  __syncthreads();
  finish_forward<items>(
      layer, place, feature, keep, linear, out,
      [&](int i) {
        const Rows<width, items> rows(place, input, static_cast<std::int64_t>(i) * place.tile_rows);
        return product(rows, i == 0 ? first : rows.fetch_first(), padded(input.cols), staged);
      },
      [&](float(&products)[items]) { return add_parts(products, partial, tickets); });
}

template <int width, int items>
__global__ void __launch_bounds__(threads, blocks)
    sparse_forward(Layer layer, CsrView<const float> x, BatchRows rows, MatrixView<const float> weight,
                   MatrixView<float> linear, MatrixView<float> out) {
  Four* const staged = device::dynamic_shared<Four>();
  const Place place;
  Stage<Features::are_columns, width, genes_ahead, Four> stage(weight, static_cast<int>(weight.rows), staged);
  const Cells first(place, x, rows, 0);
  Feature feature(place, linear.cols, layer.parameters);
  const Keep<items> keep(layer.pass, place, linear);
  stage.put();
  __syncthreads();
  finish_forward<items>(
      layer, place, feature, keep, linear, out,
      [&](int i) {
        return sparse_product(i == 0 ? first : Cells(place, x, rows, std::int64_t{i} * place.tile_rows),
                              staged);
      },
      [](const float(&)[items]) { return true; });
}

template <int width, int items>
__global__ void __launch_bounds__(threads, blocks)
    backward(AnyActivation activation, bool normalizes, Parameters parameters, Pass pass,
             MatrixView<const float> grad_next, MatrixView<const float> weight_next,
             MatrixView<const float> a, MatrixView<float> grad_linear, Gradients gradients, float* partial,
             unsigned* tickets) {
  enum { gradient, with_x, count };  // sums of gradients at y, and of those times what is normalized
  float* const staged = device::dynamic_shared<float>();
  const Place place;
  const Part part(grad_next.cols);
  part.take_columns(grad_next), part.take_rows(weight_next);
  Stage<Features::are_columns, width, stage_ahead, float> stage(weight_next, part.count, staged);
  const auto first = Rows<width, items>(place, grad_next, 0).fetch_first();
  Feature feature(place, grad_linear.cols, parameters);
  // All that is read is on its way before the product, and what does not need it is made there.
  float* const grad_shift = normalizes ? gradients.offset : gradients.bias;
  float* const grad_factor = normalizes ? gradients.weight : nullptr;
  const float before_shift = feature.leads ? feature.of(grad_shift, 0) : 0,
              before_factor = feature.leads ? feature.of(grad_factor, 0) : 0;
  const float scale = pass.scale_or_one(), mean = normalizes ? feature.of(pass.statistics.mean, 0) : 0,
              inverse = normalizes ? feature.of(pass.statistics.spread, 0) : 1;
  float x[items] = {};  // a, then what is normalized
  for_each_row<items>(place, grad_linear.rows, [&](int i, std::int64_t row) {
    if (feature.there && a.data != nullptr) x[i] = load(a.row(row) + feature.column);
  });
  Keep<items> slope(pass, place, grad_linear);  // of h at y, dropout included
  if (normalizes) feature.normalize(mean, inverse);
#pragma unroll
  for (int i = 0; i < items; ++i) {
    slope.factor[i] *= activation.first(x[i] * feature.factor + feature.shift);
    x[i] = (x[i] - mean) * inverse;
  }
  stage.put();
  __syncthreads();
  float at_y[items], sums[count] = {};
#pragma unroll
  for (int i = 0; i < items; ++i) {
    const Rows<width, items> rows(place, grad_next, static_cast<std::int64_t>(i) * place.tile_rows);
    at_y[i] = product(rows, i == 0 ? first : rows.fetch_first(), padded(grad_next.cols), staged);
  }
  if (!add_parts(at_y, partial, tickets)) return;
  for_each_row<items>(place, grad_linear.rows, [&](int i, std::int64_t) {
    at_y[i] *= slope.factor[i];
    sums[gradient] += at_y[i];
    sums[with_x] += at_y[i] * x[i];
  });
  if (normalizes || grad_shift != nullptr) sum_over_rows<first_sums>(sums);
  if (!feature.there) return;
  if (feature.leads && grad_shift != nullptr)
    store(grad_shift + feature.column, before_shift + sums[gradient]);
  if (feature.leads && grad_factor != nullptr)
    store(grad_factor + feature.column, before_factor + sums[with_x]);
  const float share = normalizes ? 1 / static_cast<float>(grad_linear.rows) : 0;
  for_each_row<items>(place, grad_linear.rows, [&](int i, std::int64_t row) {
    const float grad = at_y[i] - sums[gradient] * share - x[i] * (sums[with_x] * share);
    store(grad_linear.row(row) + feature.column, scale * (feature.factor * grad));
  });
}

constexpr std::int64_t most_sparse_products = std::int64_t{1} << 26;  // zeros included

bool is_one_pass(const LayerForm& form, std::span<const LayerPass<float>> passes, std::int64_t rows) {
  return form.training && form.normalization != NormalizationLayer::layer && passes.size() == 1 &&
         passes[0].first == 0 && passes[0].rows == rows && passes[0].extra.data == nullptr &&
         rows <= most_rows;
}

bool is_small(const LayerForm& form, std::span<const LayerPass<float>> passes,
              const MatrixView<const float>& input, std::int64_t cols) {
  return is_one_pass(form, passes, input.rows) && is_small_product(input, cols);
}

/// For what the parts of a product hand over.
float* room_for_parts(Context& context, const device::LaunchShape& shape, int items) {
  const std::int64_t numbers = handed_over(shape, items);
  return numbers == 0 ? nullptr : cuda::workspace<float>(context, numbers);
}

/// Of a weight whose features are rows or columns.
template <Features features>
void forward_of(Context& context, const LayerForm& form, const LayerParameters<float>& parameters,
                RunningStatistics<float> running, std::span<const LayerPass<float>> passes,
                MatrixView<const float> input, MatrixView<const float> weight, MatrixView<float> linear,
                MatrixView<float> out) {
  if (!is_small(form, passes, input, linear.cols)) {
    cuda::matmul<float>(context, Transpose::no,
                        features == Features::are_rows ? Transpose::yes : Transpose::no, input, weight, 0,
                        linear);
    if (out.data == linear.data && is_product_alone(form, parameters, passes)) return;
    return cuda::layer_forward<float>(context, form, parameters, running, passes, linear, out);
  }
  launch(context, linear.rows, linear.cols, input.cols, shared_bytes(input.cols),
         device::aligned_rows<columns>(input) && device::aligned_rows<columns>(weight),
         [&](auto width, auto items, const device::LaunchShape& shape) {
           device::launch(forward<features, width, items>, shape, Layer(form, parameters, running, passes[0]),
                          input, weight, linear, out, room_for_parts(context, shape, items),
                          cuda::tickets(context));
         });
}

}  // namespace kernels::linear

template <class T>
void cuda::linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                          RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                          MatrixView<const T> input, MatrixView<const T> weight, MatrixView<T> linear,
                          MatrixView<T> out) {
  kernels::linear::forward_of<kernels::linear::Features::are_rows>(context, form, parameters, running, passes,
                                                                   input, weight, linear, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::linear_forward);

void cuda::input_major_forward(Context& context, const LayerForm& form,
                               const LayerParameters<float>& parameters, RunningStatistics<float> running,
                               std::span<const LayerPass<float>> passes, MatrixView<const float> input,
                               MatrixView<const float> weight, MatrixView<float> linear,
                               MatrixView<float> out) {
  kernels::linear::forward_of<kernels::linear::Features::are_columns>(context, form, parameters, running,
                                                                      passes, input, weight, linear, out);
}

template <class T>
void cuda::sparse_linear_forward(Context& context, const LayerForm& form,
                                 const LayerParameters<T>& parameters, RunningStatistics<T> running,
                                 std::span<const LayerPass<T>> passes, CsrView<const T> x, BatchRows rows,
                                 MatrixView<const T> weight, MatrixView<T> linear, MatrixView<T> out) {
  using namespace kernels::linear;
  const std::size_t shared = sizeof(Four) * static_cast<std::size_t>(weight.rows);
  if (!is_one_pass(form, passes, rows.count) ||
      rows.count * weight.rows * weight.cols > most_sparse_products ||
      !device::fits_shared(context, shared)) {
    cuda::sparse_linear<T>(context, x, rows, weight, linear);
    if (out.data == linear.data && is_product_alone(form, parameters, passes)) return;
    return cuda::layer_forward<T>(context, form, parameters, running, passes, linear, out);
  }
  launch(context, linear.rows, linear.cols, 0, shared, device::aligned_rows<columns>(weight),
         [&](auto width, auto items, const device::LaunchShape& shape) {
           device::launch(sparse_forward<width, items>, shape, Layer(form, parameters, running, passes[0]), x,
                          rows, weight, linear, out);
         });
}
SPARCELL_INSTANTIATE_CUDA(cuda::sparse_linear_forward);

template <class T>
void cuda::linear_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                           std::span<const LayerPass<T>> passes, MatrixView<const T> grad_next,
                           MatrixView<const T> weight_next, MatrixView<const T> a, MatrixView<T> grad_linear,
                           LayerGradients<T> gradients) {
  using namespace kernels::linear;
  if (!is_small(form, passes, grad_next, grad_linear.cols)) {
    cuda::matmul<T>(context, Transpose::no, Transpose::no, grad_next, weight_next, T(0), grad_linear);
    if (a.data == nullptr && gradients.bias.empty()) return;
    if (a.data == nullptr) a = grad_linear;  // its derivative is 1 everywhere
    return cuda::layer_backward<T>(context, form, parameters, passes, a, grad_linear, grad_linear, gradients);
  }
  launch(context, grad_linear.rows, grad_linear.cols, grad_next.cols, shared_bytes(grad_next.cols),
         device::aligned_rows<columns>(grad_next) && device::aligned_rows<columns>(weight_next),
         [&](auto width, auto items, const device::LaunchShape& shape) {
           device::launch(kernels::linear::backward<width, items>, shape,
                          AnyActivation{form.activation, form.slope},
                          form.normalization == NormalizationLayer::batch, Parameters(parameters),
                          Pass(form, passes[0]), grad_next, weight_next, a, grad_linear, Gradients(gradients),
                          room_for_parts(context, shape, items), cuda::tickets(context));
         });
}
SPARCELL_INSTANTIATE_CUDA(cuda::linear_backward);

}  // namespace sparcell
