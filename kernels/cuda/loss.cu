// Losses on expression values. The squared error takes a block per cell: its sparse target is spread out in
// shared memory, tile by tile where a cell has more genes than fit, and meets the prediction there. Sums are
// f64 from four neighbouring terms on.
#include "sparcell/ops/loss.h"

#include "cuda/memory.h"
#include "device/rows.h"
#include "device/shared.h"
#include "device/slab.h"

namespace sparcell {
namespace kernels::loss {

using device::Columns, device::Four, device::four, device::load, device::Slab, device::store;

constexpr int threads = 256;
constexpr int width = device::own_columns;
constexpr std::int64_t tile_columns = 8192;  // 32 KiB

__device__ __forceinline__ double sum_of(const Four& v) {
  return static_cast<double>((v[0] + v[1]) + (v[2] + v[3]));
}

/// Writes columns [begin, begin + count) of one row of x to `target`, zeros where it has no entry.
__device__ __forceinline__ void spread(const CsrView<const float>& x, std::int64_t row, std::int64_t begin,
                                       std::int64_t count, float* target) {
  device::for_each_in_block((count + width - 1) / width,
                            [&](std::int64_t v) { device::store_vector(target + v * width, Four{}); });
  __syncthreads();
  const std::int64_t first = load(x.offsets + row);
  device::for_each_in_block(load(x.offsets + row + 1) - first, [&](std::int64_t k) {
    const std::int64_t column = load(x.indices + first + k) - begin;
    if (column >= 0 && column < count) store(target + column, load(x.values + first + k));
  });
  __syncthreads();
}

template <int access>
__global__ void __launch_bounds__(threads)
    squared_error(MatrixView<const float> prediction, CsrView<const float> x, BatchRows rows,
                  const float* mean, const float* inverse_scale, float factor, MatrixView<float> gradient,
                  double loss_scale, double* loss, double* partial, unsigned* ticket) {
  float* const target = device::dynamic_shared<float>();
  double sum = 0;
  device::for_each_in_blocks(rows.count, [&](std::int64_t i) {
    const std::int64_t row = device::row_of(rows, i);
    for (std::int64_t begin = 0; begin < x.cols; begin += tile_columns) {
      const std::int64_t left = x.cols - begin, count = left < tile_columns ? left : tile_columns;
      spread(x, row, begin, count, target);
      device::for_each_in_block((count + width - 1) / width, [&](std::int64_t v) {
        const Columns columns = device::columns_at(begin / width + v, x.cols);
        Four d = device::load_vector<width>(target + v * width);
        if (mean != nullptr) {
          const Four m = columns.load<access>(mean), s = columns.load<access>(inverse_scale);
          d = four([&](int k) { return (d[k] - m[k]) * s[k]; });
        }
        const Four p = columns.load<access>(prediction.row(i));
        d = four([&](int k) { return p[k] - d[k]; });
        sum += sum_of(four([&](int k) { return d[k] * d[k]; }));
        if (gradient.data != nullptr)
          columns.store<access>(gradient.row(i), four([&](int k) { return factor * d[k]; }));
      });
      __syncthreads();  // the next tile overwrites `target`
    }
  });
  device::grid_sum<threads>(sum, partial, ticket,
                            [&](double total) { store(loss, load(loss) + loss_scale * total); });
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
  device::grid_sum<threads>(sum, partial, ticket,
                            [&](double total) { store(loss, load(loss) + loss_scale * total); });
}

}  // namespace kernels::loss

template <class T>
void cuda::squared_error(Context& context, MatrixView<const T> prediction, CsrView<const T> x, BatchRows rows,
                         std::span<const T> mean, std::span<const T> inverse_scale, double loss_scale,
                         double gradient_scale, double* loss, MatrixView<T> gradient) {
  using namespace kernels::loss;
  const bool aligned = device::aligned_rows<width>(prediction) && device::aligned_rows<width>(gradient) &&
                       device::aligned<width>(mean.data()) && device::aligned<width>(inverse_scale.data());
  const std::int64_t columns = (std::min(x.cols, tile_columns) + width - 1) / width * width;
  const device::LaunchShape shape{.grid = device::blocks_for(rows.count, 1),
                                  .block = threads,
                                  .shared = static_cast<std::size_t>(columns) * sizeof(T),
                                  .stream = device::stream_of(context)};
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::loss::squared_error<constant>, shape, prediction, x, rows,
                   device::data_or_null(mean), device::data_or_null(inverse_scale),
                   static_cast<T>(2 * gradient_scale), gradient, loss_scale, loss,
                   cuda::workspace<double>(context, shape.grid.x), cuda::ticket(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::squared_error);

template <class T>
void cuda::absolute_value(Context& context, MatrixView<const T> x, double loss_scale, double gradient_scale,
                          double* loss, MatrixView<T> gradient) {
  using namespace kernels::loss;
  const device::LaunchShape shape{.grid = device::slab_grid<threads>(x.rows, x.cols),
                                  .block = threads,
                                  .stream = device::stream_of(context)};
  const bool aligned = device::aligned_rows<width>(x) && device::aligned_rows<width>(gradient);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(kernels::loss::absolute_value<constant>, shape, x, static_cast<T>(gradient_scale),
                   gradient, loss_scale, loss,
                   cuda::workspace<double>(context, std::int64_t{shape.grid.x} * shape.grid.y),
                   cuda::ticket(context));
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::absolute_value);

}  // namespace sparcell
