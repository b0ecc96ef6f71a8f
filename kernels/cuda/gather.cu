// From CSR rows to a dense batch: a block makes `tile_columns` columns of one row at a time in shared memory,
// zeros and then the entries, and writes them out once, standardized on the way. Every byte of the batch is
// written once, every entry read once.
#include "sparcell/ops/gather.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/rows.h"
#include "device/sparse.h"

namespace sparcell {
namespace kernels::gather {

using device::load, device::load_vector, device::store_global_vector;

constexpr int threads = 256;
constexpr std::int64_t tile_columns = 4096;

/// A tile of one row of the batch.
struct Tile {
  std::int64_t row, first, columns;
};

/// Columns [begin, end) of a tile, a whole number of vectors.
template <int width>
__device__ __forceinline__ void write_columns(std::int64_t begin, std::int64_t end, const float* values,
                                              const float* mean, const float* inverse_scale, float* out) {
  device::for_each_in_block((end - begin) / width, [&](std::int64_t v) {
    const std::int64_t c = begin + v * width;
    auto value = load_vector<width>(values + c);
    if (mean != nullptr) {
      const auto center = load_vector<width>(mean + c);
      const auto factor = load_vector<width>(inverse_scale + c);
#pragma unroll
      for (int k = 0; k < width; ++k) value[k] = (value[k] - center[k]) * factor[k];
    }
    store_global_vector(out + c, value);
  });
}

template <int width>
__device__ __forceinline__ void write_tile(const Tile& tile, const float* values, const float* mean,
                                           const float* inverse_scale, float* row) {
  const std::int64_t vectors_end = tile.columns / width * width;
  if (mean != nullptr) {
    mean += tile.first;
    inverse_scale += tile.first;
  }
  write_columns<width>(0, vectors_end, values, mean, inverse_scale, row + tile.first);
  write_columns<1>(vectors_end, tile.columns, values, mean, inverse_scale, row + tile.first);
}

/// width: 4 where every row of the batch and of the scaler can be cut into aligned vectors, else 1. `mean` is
/// null where values stay as they are.
template <int width>
__global__ void __launch_bounds__(threads)
    gather_dense(CsrView<const float> x, BatchRows rows, const float* mean, const float* inverse_scale,
                 MatrixView<float> out) {
  __shared__ __align__(16) float values[tile_columns];
  const std::int64_t tiles = (x.cols + tile_columns - 1) / tile_columns;
  device::for_each_in_blocks(rows.count * tiles, [&](std::int64_t item) {
    Tile tile{item / tiles, item % tiles * tile_columns, 0};
    tile.columns = x.cols - tile.first < tile_columns ? x.cols - tile.first : tile_columns;
    const auto entries =
        device::entries_of(x, device::row_of(rows, tile.row), tile.first, tile.first + tile.columns);
    device::for_each_in_block(tile.columns, [&](std::int64_t c) { values[c] = 0; });
    __syncthreads();
    device::for_each_in_block(entries.count(), [&](std::int64_t k) {
      values[load(x.indices + entries.first + k) - tile.first] = load(x.values + entries.first + k);
    });
    __syncthreads();
    write_tile<width>(tile, values, mean, inverse_scale, out.row(tile.row));
    __syncthreads();  // before the next tile overwrites this one
  });
}

}  // namespace kernels::gather

template <class T>
void cuda::gather_dense(Context& context, CsrView<const T> x, BatchRows rows,
                        Standardization<T> standardization, MatrixView<T> out) {
  using namespace kernels::gather;
  const std::span<const T> mean = standardization.mean, inverse_scale = standardization.inverse_scale;
  constexpr int wide = device::widest<float>;
  const bool vectors = device::aligned_rows<wide>(out) && device::aligned<wide>(mean.data()) &&
                       device::aligned<wide>(inverse_scale.data());
  const std::int64_t tiles = (x.cols + tile_columns - 1) / tile_columns;
  device::launch(vectors ? kernels::gather::gather_dense<wide> : kernels::gather::gather_dense<1>,
                 {.grid = device::blocks_for(rows.count * tiles, 1),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 x, rows, mean.empty() ? nullptr : mean.data(), inverse_scale.data(), out);
}
SPARCELL_INSTANTIATE_CUDA(cuda::gather_dense);

}  // namespace sparcell
