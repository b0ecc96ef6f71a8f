// Losses on expression values. The squared error takes a block per cell: its sparse target is spread out in
// shared memory, tile by tile where a cell has more genes than fit, and meets the prediction there. Sums are
// f64 from four neighbouring terms on.
#include "sparcell/ops/loss.h"

#include "cuda/loss_parts.h"
#include "cuda/memory.h"

namespace sparcell {
namespace kernels::loss {

using device::Columns, device::Four, device::four, device::load, device::Slab, device::store;

constexpr int threads = loss_threads;
constexpr int width = device::own_columns;
constexpr int rows_at_once = 4;  // of dense matrices, that a thread has on their way

template <int access>
__global__ void __launch_bounds__(threads)
    squared_error(MatrixView<const float> prediction, const float* bias, CsrView<const float> x,
                  BatchRows rows, const float* mean, const float* inverse_scale, float factor,
                  MatrixView<float> gradient, double loss_scale, double* loss, double* partial,
                  unsigned* ticket) {
  __shared__ __align__(16) float target[target_tile];
  const std::int64_t tiles = target_tiles(x.cols);
  double sum = 0;
  device::for_each_in_blocks(rows.count * tiles, [&](std::int64_t item) {
    const std::int64_t i = item / tiles, begin = item % tiles * target_tile;
    const std::int64_t left = x.cols - begin, count = left < target_tile ? left : target_tile;
    spread(x, device::row_of(rows, i), begin, count, target);
    device::for_each_in_block(vectors_of(count), [&](std::int64_t v) {
      const Columns columns = device::columns_at(begin / width + v, x.cols);
      Four p = columns.load<access>(prediction.row(i));
      if (bias != nullptr) device::add(p, columns.load<access>(bias));
      Four d = device::load_vector<width>(target + v * width);
      if (mean != nullptr) {
        const Four m = columns.load<access>(mean), s = columns.load<access>(inverse_scale);
        d = four([&](int k) { return (d[k] - m[k]) * s[k]; });
      }
      d = four([&](int k) { return p[k] - d[k]; });
      sum += sum_of(four([&](int k) { return d[k] * d[k]; }));
      if (gradient.data != nullptr)
        columns.store<access>(gradient.row(i), four([&](int k) { return factor * d[k]; }));
    });
  });
  add_to_loss(device::block_sum<threads>(sum), loss_scale, loss, partial, ticket);
}

template <int access>
__global__ void __launch_bounds__(threads)
    dense_squared_error(MatrixView<const float> prediction, const float* bias, OutputActivation activation,
                        MatrixView<const float> target, float factor, MatrixView<float> gradient,
                        float* grad_bias, double loss_scale, double* loss, double* partial,
                        unsigned* ticket) {
  double sum = 0;
  device::for_each_slab<threads>(prediction.cols, [&](const Slab& slab) {
    const Four b = bias == nullptr ? Four{} : slab.load<access>(bias);
    device::Fours<1> columns{};
    slab.for_each_row<rows_at_once>(
        prediction.rows,
        [&](std::int64_t r) {
          return device::Fours<2>{slab.load<access>(prediction.row(r)), slab.load<access>(target.row(r))};
        },
        [&](std::int64_t r, const device::Fours<2>& row) {
          const auto& [p, t] = row.of;
          const Four a = four([&](int k) { return p[k] + b[k]; });
          const Four d = four([&](int k) { return output(activation, a[k]) - t[k]; });
          sum += sum_of(four([&](int k) { return d[k] * d[k]; }));
          if (gradient.data == nullptr) return;
          const Four g = four([&](int k) { return factor * d[k] * output_slope(activation, a[k]); });
          slab.store<access>(gradient.row(r), g);
          device::add(columns.of[0], g);
        });
    if (grad_bias == nullptr) return;
    columns = device::column_sums<threads>(columns);
    if (!slab.leads()) return;
    device::add(columns.of[0], slab.load<access>(grad_bias));
    slab.store<access>(grad_bias, columns.of[0]);
  });
  add_to_loss(device::block_sum<threads>(sum), loss_scale, loss, partial, ticket);
}

template <int access>
__global__ void __launch_bounds__(threads)
    absolute_value(MatrixView<const float> x, float step, MatrixView<float> gradient, double loss_scale,
                   double* loss, double* partial, unsigned* ticket) {
  double sum = 0;
  device::for_each_slab<threads>(x.cols, [&](const Slab& slab) {
    slab.for_each_row(x.rows, [&](std::int64_t r) {
      const Four value = slab.load<access>(x.row(r)), before = slab.load<access>(gradient.row(r));
      sum += sum_of(four([&](int k) { return value[k] < 0 ? -value[k] : value[k]; }));
      slab.store<access>(gradient.row(r), four([&](int k) {
                           return before[k] + (value[k] > 0 ? step : (value[k] < 0 ? -step : 0));
                         }));
    });
  });
  add_to_loss(device::block_sum<threads>(sum), loss_scale, loss, partial, ticket);
}

}  // namespace kernels::loss

template <class T>
void cuda::squared_error(Context& context, MatrixView<const T> prediction, std::span<const T> bias,
                         CsrView<const T> x, BatchRows rows, Standardization<T> standardization,
                         LossTerm loss, MatrixView<T> gradient) {
  using namespace kernels::loss;
  const std::span<const T> mean = standardization.mean, inverse_scale = standardization.inverse_scale;
  const bool aligned = device::aligned_rows<width>(prediction) && device::aligned_rows<width>(gradient) &&
                       device::aligned<width>(bias.data()) && device::aligned<width>(mean.data()) &&
                       device::aligned<width>(inverse_scale.data());
  const device::LaunchShape shape{.grid = device::blocks_for(rows.count * kernels::target_tiles(x.cols), 1),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::loss::squared_error<constant>, shape, prediction, device::data_or_null(bias), x,
                   rows, device::data_or_null(mean), device::data_or_null(inverse_scale),
                   static_cast<T>(2 * loss.gradient_scale), gradient, loss.scale, loss.sum,
                   cuda::workspace<double>(context, shape.grid.x), cuda::tickets(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::squared_error);

template <class T>
void cuda::dense_squared_error(Context& context, MatrixView<const T> prediction, std::span<const T> bias,
                               OutputActivation activation, MatrixView<const T> target, LossTerm loss,
                               MatrixView<T> gradient, std::span<T> grad_bias) {
  using namespace kernels::loss;
  // Sums over rows stay within a block; without them rows are shared between blocks too.
  const device::LaunchShape shape{.grid = grad_bias.empty()
                                              ? device::slab_grid<threads>(prediction.rows, prediction.cols)
                                              : device::slab_grid(prediction.cols),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  const bool aligned = device::aligned_rows<width>(prediction) && device::aligned_rows<width>(target) &&
                       device::aligned_rows<width>(gradient) && device::aligned<width>(bias.data()) &&
                       device::aligned<width>(grad_bias.data());
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::loss::dense_squared_error<constant>, shape, prediction,
                   device::data_or_null(bias), activation, target, static_cast<T>(2 * loss.gradient_scale),
                   gradient, device::data_or_null(grad_bias), loss.scale, loss.sum,
                   cuda::workspace<double>(context, std::int64_t{shape.grid.x} * shape.grid.y),
                   cuda::tickets(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::dense_squared_error);

template <class T>
void cuda::absolute_value(Context& context, MatrixView<const T> x, LossTerm loss, MatrixView<T> gradient) {
  using namespace kernels::loss;
  const device::LaunchShape shape{.grid = device::slab_grid<threads>(x.rows, x.cols),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  const bool aligned = device::aligned_rows<width>(x) && device::aligned_rows<width>(gradient);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::loss::absolute_value<constant>, shape, x, static_cast<T>(loss.gradient_scale),
                   gradient, loss.scale, loss.sum,
                   cuda::workspace<double>(context, std::int64_t{shape.grid.x} * shape.grid.y),
                   cuda::tickets(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::absolute_value);

}  // namespace sparcell
