// Totals of cells: one block a cell.
#include "sparcell/ops/cell_totals.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::cell_totals {

using device::load, device::store;

constexpr int threads = 256;

__global__ void __launch_bounds__(threads)
    cell_totals(MatrixView<const float> cells, float threshold, double* totals, double* detected) {
  device::for_each_in_blocks(cells.rows, [&](std::int64_t r) {
    const float* const x = cells.row(r);
    double total = 0, genes = 0;
    device::for_each_in_block(cells.cols, [&](std::int64_t g) {
      const float value = load(x + g);
      total += value > 0.0f ? static_cast<double>(math::expm1(value)) : 0.0;
      genes += (value < 0.0f ? -value : value) >= threshold ? 1.0 : 0.0;
    });
    total = device::block_sum<threads>(total);
    genes = device::block_sum<threads>(genes);
    if (threadIdx.x == 0) {
      store(totals + r, total);
      store(detected + r, genes);
    }
  });
}

}  // namespace kernels::cell_totals

template <class T>
void cuda::cell_totals(Context& context, MatrixView<const T> cells, T threshold, std::span<double> totals,
                       std::span<double> detected) {
  using kernels::cell_totals::threads;
  device::launch(
      kernels::cell_totals::cell_totals,
      {.grid = device::blocks_for(cells.rows, 1), .block = threads, .stream = device::stream_of(context)},
      cells, threshold, totals.data(), detected.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::cell_totals);

}  // namespace sparcell
