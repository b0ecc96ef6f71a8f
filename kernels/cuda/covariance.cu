// Covariances of genes. Blocks of cells are written out densely into scratch memory, padded to whole tiles,
// and their product with themselves is added to the upper triangle: a block of threads takes 64 x 64 genes,
// of which 16 cells at a time lie in shared memory as f64, and a thread adds 4 x 4 products in registers. A
// block on the diagonal adds the sums of its 64 genes from the same tile.
#include "sparcell/ops/covariance.h"

#include <algorithm>

#include "cuda/memory.h"
#include "device/access.h"
#include "device/launch.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::covariance {

using device::load, device::load_vector, device::store, device::store_global_vector, device::store_vector;

constexpr int threads = 256;
constexpr int tile = 64;                   // genes
constexpr int depth = 16;                  // cells in shared memory
constexpr int pair = 2;                    // f64 of one access of 16 bytes
constexpr int per_thread = 4;              // rows and columns of products: two pairs, half a tile apart
constexpr int side = tile / per_thread;    // threads along a tile
constexpr std::int64_t dense_rows = 1024;  // cells that are written out at once: 20 MB at 5,000 genes
constexpr int width = device::widest<float>;
static_assert(side * side == threads && dense_rows % depth == 0);

/// Cells [first, first + dense.rows) as dense rows; rows and columns that x does not have are 0.
__global__ void __launch_bounds__(threads)
    write_out(CsrView<const float> x, std::int64_t first, MatrixView<float> dense) {
  device::for_each_in_blocks(dense.rows, [&](std::int64_t i) {
    float* const row = dense.row(i);
    device::for_each_in_block(dense.cols / width,
                              [&](std::int64_t v) { store_global_vector<width>(row + v * width, {}); });
    __syncthreads();
    if (first + i >= x.rows) return;  // the same for all threads: on to the block's next row
    const std::int64_t begin = load(x.offsets + first + i), end = load(x.offsets + first + i + 1);
    device::for_each_in_block(end - begin, [&](std::int64_t k) {
      store(row + load(x.indices + begin + k), load(x.values + begin + k));
    });
  });
}

using Tile = double[depth][tile];

/// Cells first .. first + depth of the tile's genes.
__device__ __forceinline__ void fill_tile(MatrixView<const float> dense, std::int64_t first_cell,
                                          std::int64_t first_gene, Tile& to) {
  static_assert(depth * tile == threads * width);
  const int cell = static_cast<int>(threadIdx.x) * width / tile,
            gene = static_cast<int>(threadIdx.x) * width % tile;
  const auto values = load_vector<width>(dense.row(first_cell + cell) + first_gene + gene);
#pragma unroll
  for (int k = 0; k < width; k += pair) {
    store_vector<pair>(&to[cell][gene + k],
                       {static_cast<double>(values[k]), static_cast<double>(values[k + 1])});
  }
}

/// Where a thread's four rows or columns lie in a tile.
__device__ __forceinline__ int place(int thread, int i) {
  return i / pair * (tile / 2) + thread * pair + i % pair;
}

__device__ __forceinline__ void load_four(const double* row, int thread, double (&to)[per_thread]) {
#pragma unroll
  for (int i = 0; i < per_thread; i += pair) {
    const auto two = load_vector<pair>(row + place(thread, i));
    to[i] = two[0];
    to[i + 1] = two[1];
  }
}

template <bool aligned>
__device__ __forceinline__ void add_pair(double* to, double first, double second, bool has_first,
                                         bool has_second) {
  if (aligned && has_first && has_second) {
    auto two = load_vector<pair>(to);
    two[0] += first;
    two[1] += second;
    store_global_vector(to, two);
  } else {
    if (has_first) store(to, load(to) + first);
    if (has_second) store(to + 1, load(to + 1) + second);
  }
}

template <bool aligned>
__global__ void __launch_bounds__(threads)
    add_products(MatrixView<const float> dense, MatrixView<double> products, double* sums) {
  if (blockIdx.x < blockIdx.y) return;  // below the diagonal
  __shared__ __align__(16) Tile left, right;
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.y) * tile;
  const std::int64_t first_col = static_cast<std::int64_t>(blockIdx.x) * tile;
  const int x = static_cast<int>(threadIdx.x) % side, y = static_cast<int>(threadIdx.x) / side;
  const bool sums_genes = blockIdx.x == blockIdx.y && threadIdx.x < tile;
  double added[per_thread][per_thread] = {};
  double sum = 0;
  for (std::int64_t cell = 0; cell < dense.rows; cell += depth) {
    fill_tile(dense, cell, first_row, left);
    fill_tile(dense, cell, first_col, right);
    __syncthreads();
#pragma unroll
    for (int k = 0; k < depth; ++k) {
      double row[per_thread], col[per_thread];
      load_four(left[k], y, row);
      load_four(right[k], x, col);
#pragma unroll
      for (int i = 0; i < per_thread; ++i) {
#pragma unroll
        for (int j = 0; j < per_thread; ++j) added[i][j] = math::fma(row[i], col[j], added[i][j]);
      }
      if (sums_genes) sum += load(&left[k][threadIdx.x]);
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < per_thread; ++i) {
    const std::int64_t g = first_row + place(y, i);
    if (g >= products.rows) continue;
#pragma unroll
    for (int j = 0; j < per_thread; j += pair) {
      const std::int64_t h = first_col + place(x, j);
      add_pair<aligned>(products.row(g) + h, added[i][j], added[i][j + 1], g <= h && h < products.cols,
                        g <= h + 1 && h + 1 < products.cols);
    }
  }
  const std::int64_t gene = first_row + threadIdx.x;
  if (sums_genes && gene < products.rows) store(sums + gene, load(sums + gene) + sum);
}

template <class T>
__global__ void __launch_bounds__(threads)
    products_to_covariance(const T* sums, T count, T degrees, MatrixView<T> products) {
  device::for_each_in_blocks(products.rows, [&](std::int64_t g) {
    const T mean = load(sums + g) / count;
    device::for_each_in_block(products.cols - g, [&](std::int64_t i) {
      T* const product = products.row(g) + g + i;
      store(product, (load(product) - mean * load(sums + g + i)) / degrees);
    });
  });
}

std::int64_t padded(std::int64_t count, std::int64_t unit) { return (count + unit - 1) / unit * unit; }

}  // namespace kernels::covariance

template <class T>
void cuda::add_products(Context& context, CsrView<const T> x, MatrixView<double> products,
                        std::span<double> sums) {
  using namespace kernels::covariance;
  const std::int64_t cols = padded(x.cols, tile);
  float* const scratch = workspace<float>(context, padded(std::min(x.rows, dense_rows), depth) * cols);
  const auto tiles = static_cast<unsigned>(cols / tile);
  for (std::int64_t first = 0; first < x.rows; first += dense_rows) {
    const MatrixView<float> dense{scratch, padded(std::min(dense_rows, x.rows - first), depth), cols};
    device::launch(
        write_out,
        {.grid = device::blocks_for(dense.rows, 1), .block = threads, .stream = device::stream_of(context)},
        x, first, dense);
    device::launch(device::aligned_rows<pair>(products) ? kernels::covariance::add_products<true>
                                                        : kernels::covariance::add_products<false>,
                   {.grid = {tiles, tiles}, .block = threads, .stream = device::stream_of(context)}, dense,
                   products, sums.data());
  }
}
SPARCELL_INSTANTIATE_CUDA(cuda::add_products);

template <class T>
void cuda::products_to_covariance(Context& context, std::span<const T> sums, std::int64_t count,
                                  MatrixView<T> products) {
  using namespace kernels::covariance;
  device::launch(
      kernels::covariance::products_to_covariance<T>,
      {.grid = device::blocks_for(products.rows, 1), .block = threads, .stream = device::stream_of(context)},
      sums.data(), static_cast<T>(count), static_cast<T>(count - 1), products);
}
SPARCELL_INSTANTIATE(cuda::products_to_covariance);

}  // namespace sparcell
