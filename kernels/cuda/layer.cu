// What follows the matrix product of a layer: one kernel forward, and one back without normalization or with
// batch normalization. layer_columns.h has their kernels, layer_rows.h and layer_tangent.h those of layer
// normalization, which needs sums over rows and over columns and takes two kernels back.
#include "sparcell/ops/layer.h"

#include <algorithm>

#include "cuda/layer_columns.h"
#include "cuda/layer_rows.h"
#include "cuda/layer_tangent.h"
#include "cuda/memory.h"

namespace sparcell {
namespace kernels::layer {

constexpr int width = device::own_columns;

/// Whether all pointers and all rows of all matrices are aligned to what a thread owns; null is.
template <class... Part>
bool aligned(const Part&... parts) {
  const auto fits = [](const auto& part) {
    if constexpr (requires { part.stride; }) {
      return part.data == nullptr || device::aligned_rows<width>(part);
    } else {
      return device::aligned<width>(part);
    }
  };
  return (fits(parts) && ...);
}

bool aligned(const Parameters& p) { return aligned(p.bias, p.weight, p.offset); }
bool aligned(const Statistics& s) { return aligned(s.mean, s.spread); }
bool aligned(const Gradients& g) { return aligned(g.bias, g.weight, g.offset); }
bool aligned(const Pass& p) { return aligned(p.statistics) && aligned(p.extra); }
bool aligned(const Passes& p) {
  return std::all_of(p.pass, p.pass + p.count, [](const Pass& pass) { return aligned(pass); });
}

/// Rows of a batch that a thread of batch_threads owns at most.
std::int64_t rows_of_lane(std::int64_t rows) {
  constexpr std::int64_t lanes = batch_threads / device::slab_owners;
  return (rows + lanes - 1) / lanes;
}

/// A grid for every pass.
dim3 for_each_pass(dim3 grid, const Passes& passes) {
  grid.z = static_cast<unsigned>(passes.count);
  return grid;
}

/// Calls use(activation, width) with what kernels are instantiated for.
template <class Use>
void with_instance(const LayerForm& form, bool aligned, Use&& use) {
  math::with_activation(form.activation, form.slope, [&](auto activation) {
    device::with_width<width>(aligned, [&](auto constant) { use(activation, constant); });
  });
}

}  // namespace kernels::layer

template <class T>
void cuda::layer_forward(Context& context, const LayerForm& form, const LayerParameters<T>& layer_parameters,
                         RunningStatistics<T> running_statistics, std::span<const LayerPass<T>> layer_passes,
                         MatrixView<T> linear, MatrixView<T> out) {
  using namespace kernels::layer;
  const Parameters parameters(layer_parameters);
  const Statistics running(running_statistics);
  const Passes passes(form, layer_passes);
  const bool fits = aligned(linear, out) && aligned(parameters) && aligned(running) && aligned(passes);
  const cudaStream_t stream = device::stream_of(context);
  with_instance(form, fits, [&](auto activation, auto width) {
    using Act = decltype(activation);
    if (form.normalization == NormalizationLayer::layer) {
      const std::int64_t own = (own_vectors(linear.cols) + device::warp_size - 1) / device::warp_size;
      const int items = device::kept_items<1>(own, row_threads);
      device::launch(row_forward<width, Act>,
                     {.grid = for_each_pass(device::blocks_for(passes.most_rows(), row_warps), passes),
                      .block = row_threads,
                      .shared = device::kept_bytes<1>(items, row_threads),
                      .stream = stream},
                     activation, parameters, passes, linear, out, items);
    } else if (form.normalization == NormalizationLayer::batch && form.training) {
      const int items = device::kept_items<1>(rows_of_lane(passes.most_rows()), batch_threads);
      device::launch(batch_forward<width, Act>,
                     {.grid = device::slab_grid(linear.cols),
                      .block = batch_threads,
                      .shared = device::kept_bytes<1>(items, batch_threads),
                      .stream = stream},
                     activation, parameters, running, passes, linear, out, items);
    } else {
      device::launch(
          forward<width, Act>,
          {.grid = for_each_pass(device::slab_grid<threads>(passes.most_rows(), linear.cols), passes),
           .block = threads,
           .stream = stream},
          activation, parameters, running, passes, linear, out);
    }
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::layer_forward);

template <class T>
void cuda::layer_backward(Context& context, const LayerForm& form, const LayerParameters<T>& layer_parameters,
                          std::span<const LayerPass<T>> layer_passes, MatrixView<const T> a,
                          MatrixView<const T> grad_out, MatrixView<T> grad_linear,
                          LayerGradients<T> layer_gradients) {
  using namespace kernels::layer;
  const Parameters parameters(layer_parameters);
  const Passes passes(form, layer_passes);
  const Gradients gradients(layer_gradients);
  const bool fits =
      aligned(a, grad_out, grad_linear) && aligned(parameters) && aligned(passes) && aligned(gradients);
  // Sums over rows stay within a block; without them rows are shared between blocks too.
  const device::LaunchShape shape{.grid = gradients.empty()
                                              ? device::slab_grid<batch_threads>(passes.most_rows(), a.cols)
                                              : device::slab_grid(a.cols),
                                  .block = batch_threads,
                                  .stream = device::stream_of(context)};
  with_instance(form, fits, [&](auto activation, auto width) {
    using Act = decltype(activation);
    if (form.normalization == NormalizationLayer::layer) {
      auto* means = cuda::workspace<RowMeans>(context, a.rows);
      device::launch(row_backward_means<width, Act>,
                     {.grid = for_each_pass(device::blocks_for(passes.most_rows(), row_warps), passes),
                      .block = row_threads,
                      .stream = shape.stream},
                     activation, parameters, passes, a, grad_out, means);
      device::launch(row_backward<width, Act>, shape, activation, parameters, passes, a, grad_out, means,
                     grad_linear, gradients);
    } else if (form.normalization == NormalizationLayer::batch) {
      const int items = device::kept_items<2>(rows_of_lane(passes.most_rows()), batch_threads);
      device::launch(batch_backward<width, Act>,
                     {.grid = device::slab_grid(a.cols),
                      .block = batch_threads,
                      .shared = device::kept_bytes<2>(items, batch_threads),
                      .stream = shape.stream},
                     activation, form.training, parameters, passes, a, grad_out, grad_linear, gradients,
                     items);
    } else {
      const bool as_it_is = std::all_of(passes.pass, passes.pass + passes.count, [](const Pass& pass) {
        return pass.probability == 0 && pass.scale == nullptr && pass.extra.data == nullptr;
      });
      const bool keep_gradient =
          form.activation == Activation::identity && as_it_is && grad_linear.data == grad_out.data;
      device::launch(backward<width, Act>, shape, activation, passes, a, grad_out, grad_linear,
                     gradients.bias, keep_gradient);
    }
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::layer_backward);

template <class T>
void cuda::layer_tangent(Context& context, const LayerForm& form, const LayerParameters<T>& layer_parameters,
                         const LayerPass<T>& layer_pass, MatrixView<const T> a, MatrixView<const T> signal,
                         MatrixView<T> tangent_linear, MatrixView<T> tangent, MatrixView<T> extra,
                         LayerGradients<T> layer_gradients) {
  using namespace kernels::layer;
  const Parameters parameters(layer_parameters);
  const Pass pass(form, layer_pass);
  const Gradients gradients(layer_gradients);
  const bool fits =
      aligned(a, signal, tangent_linear, tangent, extra) && aligned(parameters) && aligned(gradients);
  const cudaStream_t stream = device::stream_of(context);
  with_instance(form, fits, [&](auto activation, auto width) {
    using Act = decltype(activation);
    if (form.normalization == NormalizationLayer::layer) {
      auto* means = cuda::workspace<TangentMeans>(context, a.rows);
      device::launch(row_tangent_means<width, Act>,
                     {.grid = device::blocks_for(a.rows, row_warps), .block = row_threads, .stream = stream},
                     activation, parameters, pass, a, signal, tangent_linear, means);
      device::launch(row_tangent<width, Act>,
                     {.grid = device::slab_grid(a.cols), .block = batch_threads, .stream = stream},
                     activation, parameters, pass, a, signal, means, tangent_linear, tangent, extra,
                     gradients);
    } else {
      device::launch(tangent_forward<width, Act>,
                     {.grid = device::slab_grid<threads>(a.rows, a.cols), .block = threads, .stream = stream},
                     activation, pass, a, signal, tangent_linear, tangent, extra);
    }
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::layer_tangent);

}  // namespace sparcell
