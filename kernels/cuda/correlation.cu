// Rows on the way to correlations: one block a row, which it reads four times.
#include "sparcell/ops/correlation.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"

namespace sparcell {
namespace kernels::correlation {

using device::load, device::store;

constexpr int threads = 256;

/// The sum over the row of term(value), in f64, for every thread.
template <class Term>
__device__ __forceinline__ double row_sum(const float* row, std::int64_t count, Term&& term) {
  double sum = 0;
  device::for_each_in_block(count, [&](std::int64_t i) { sum += term(static_cast<double>(load(row + i))); });
  return device::block_sum<threads>(sum);
}

__global__ void __launch_bounds__(threads) standardize_rows(MatrixView<float> rows) {
  device::for_each_in_blocks(rows.rows, [&](std::int64_t r) {
    float* const row = rows.row(r);
    const double first = load(row);
    const double others = row_sum(row, rows.cols, [&](double value) { return value == first ? 0.0 : 1.0; });
    const double mean =
        row_sum(row, rows.cols, [](double value) { return value; }) / static_cast<double>(rows.cols);
    const double squares =
        row_sum(row, rows.cols, [&](double value) { return (value - mean) * (value - mean); });
    const double scale = others > 0 ? 1 / sqrt(squares) : 0.0;
    device::for_each_in_block(rows.cols, [&](std::int64_t i) {
      const double value = (static_cast<double>(load(row + i)) - mean) * scale;
      store(row + i, others > 0 ? static_cast<float>(value) : 0.0f);
    });
  });
}

}  // namespace kernels::correlation

template <class T>
void cuda::standardize_rows(Context& context, MatrixView<T> rows) {
  using kernels::correlation::threads;
  device::launch(
      kernels::correlation::standardize_rows,
      {.grid = device::blocks_for(rows.rows, 1), .block = threads, .stream = device::stream_of(context)},
      rows);
}
SPARCELL_INSTANTIATE_CUDA(cuda::standardize_rows);

}  // namespace sparcell
