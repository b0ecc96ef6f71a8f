// Square tiles through shared memory, so that both reads and writes are of neighbours; a column of padding
// keeps its columns in different banks.
#include "sparcell/ops/transpose.h"

#include "device/access.h"
#include "device/launch.h"

namespace sparcell {
namespace kernels::transpose {

using device::load, device::store;

constexpr int tile = 32;
constexpr int rows_at_once = 8;
constexpr int threads = tile * rows_at_once;

__global__ void __launch_bounds__(threads) transpose(MatrixView<const float> in, MatrixView<float> out) {
  __shared__ float values[tile][tile + 1];
  const int lane = static_cast<int>(threadIdx.x) % tile, row = static_cast<int>(threadIdx.x) / tile;
  const std::int64_t across = (in.cols + tile - 1) / tile, down = (in.rows + tile - 1) / tile;
  device::for_each_in_blocks(across * down, [&](std::int64_t t) {
    const std::int64_t first_row = t / across * tile, first_col = t % across * tile;
    for (int r = row; r < tile; r += rows_at_once) {
      if (first_row + r < in.rows && first_col + lane < in.cols)
        store(&values[r][lane], load(in.row(first_row + r) + first_col + lane));
    }
    __syncthreads();
    for (int r = row; r < tile; r += rows_at_once) {
      if (first_col + r < in.cols && first_row + lane < in.rows)
        store(out.row(first_col + r) + first_row + lane, load(&values[lane][r]));
    }
    __syncthreads();  // the next tile overwrites the values
  });
}

}  // namespace kernels::transpose

template <class T>
void cuda::transpose(Context& context, MatrixView<const T> in, MatrixView<T> out) {
  using kernels::transpose::tile;
  const std::int64_t tiles = ((in.rows + tile - 1) / tile) * ((in.cols + tile - 1) / tile);
  device::launch(kernels::transpose::transpose,
                 {.grid = device::blocks_for(tiles, 1),
                  .block = kernels::transpose::threads,
                  .stream = device::stream_of(context)},
                 in, out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::transpose);

}  // namespace sparcell
