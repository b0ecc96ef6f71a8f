// The first layer on a sparse batch, in f32. Threads own four neighbouring outputs, a warp 128.
//
// Forward a block takes a cell and 128 outputs. Its warps share the cell's entries in contiguous parts, walk
// along rows of the weight, and add up in the order of the parts.
//
// Backward a block takes 32 genes and 128 outputs. A batch is sorted by cells, so the entries of its genes
// are spread out in shared memory for 256 cells at a time (each thread finds those of one cell by bisection);
// a warp takes 4 genes and walks along the cells that have them, two cells of every gene at a time, so that
// eight rows of the gradient are on their way at once. Sums begin with the gradient that is there and follow
// the order of the batch.
#include "sparcell/ops/sparse_linear.h"

#include "device/rows.h"
#include "device/slab.h"
#include "device/sparse.h"

namespace sparcell {
namespace kernels::sparse_linear {

using device::Columns, device::Four, device::full_warp, device::load, device::store, device::warp_size;

constexpr int threads = 256;
constexpr int warps = threads / warp_size;
constexpr int width = device::own_columns;
constexpr int tile_columns = warp_size * width;
constexpr int tile_genes = 32;
constexpr int warp_genes = tile_genes / warps;
constexpr int tile_cells = threads;
constexpr int gradient_blocks = 2;  // at once on a multiprocessor: leaves registers for the rows on their way
constexpr int cells_at_once = 2;    // of each gene

__host__ __device__ inline std::int64_t tiles_of(std::int64_t cols) {
  return (cols + tile_columns - 1) / tile_columns;
}

/// sum += factor * x
__device__ __forceinline__ void add_product(Four& sum, float factor, const Four& x) {
#pragma unroll
  for (int k = 0; k < width; ++k) sum[k] += factor * x[k];
}

/// The products of entries [first, end) with the weights that a lane owns. All lanes of a warp call it.
template <int access>
__device__ __forceinline__ Four product(const CsrView<const float>& x, std::int64_t first, std::int64_t end,
                                        const MatrixView<const float>& weight, const Columns& columns) {
  const int lane = static_cast<int>(threadIdx.x) % warp_size;
  Four sum{};
  for (std::int64_t at = first; at < end; at += warp_size) {
    const int count = static_cast<int>(end - at < warp_size ? end - at : warp_size);
    const std::int32_t gene = lane < count ? load(x.indices + at + lane) : 0;
    const float value = lane < count ? load(x.values + at + lane) : 0;
#pragma unroll 4
    for (int k = 0; k < count; ++k) {
      const float* const row = weight.row(__shfl_sync(full_warp, gene, k));
      add_product(sum, __shfl_sync(full_warp, value, k), columns.load<access>(row));
    }
  }
  return sum;
}

template <int access>
__global__ void __launch_bounds__(threads)
    forward(CsrView<const float> x, BatchRows rows, MatrixView<const float> weight, MatrixView<float> out) {
  __shared__ Four partial[warps][warp_size];
  const int warp = static_cast<int>(threadIdx.x) / warp_size,
            lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t tiles = tiles_of(weight.cols);
  device::for_each_in_blocks(rows.count * tiles, [&](std::int64_t t) {
    const std::int64_t i = t / tiles, row = device::row_of(rows, i);
    const Columns columns = device::columns_at(t % tiles * warp_size + lane, weight.cols);
    const std::int64_t first = load(x.offsets + row), count = load(x.offsets + row + 1) - first;
    store(&partial[warp][lane], product<access>(x, first + count * warp / warps,
                                                first + count * (warp + 1) / warps, weight, columns));
    __syncthreads();
    if (warp == 0) {
      Four sum = load(&partial[0][lane]);
#pragma unroll
      for (int w = 1; w < warps; ++w) device::add(sum, load(&partial[w][lane]));
      columns.store<access>(out.row(i), sum);
    }
    __syncthreads();  // the next tile overwrites `partial`
  });
}

/// Entries of 32 genes from `first_gene` on and of 256 cells from `first_cell` on, zeros where there is none.
__device__ __forceinline__ void spread(const CsrView<const float>& x, const BatchRows& rows,
                                       std::int64_t first_gene, std::int64_t first_cell,
                                       float (&tile)[tile_genes][tile_cells]) {
  device::for_each_in_block(tile_genes * tile_cells / width,
                            [&](std::int64_t v) { device::store_vector(&tile[0][0] + v * width, Four{}); });
  __syncthreads();
  const std::int64_t i = first_cell + threadIdx.x;
  if (i < rows.count) {
    const std::int64_t row = device::row_of(rows, i);
    const device::Entries entries = device::entries_of(x, row, first_gene, x.cols);
    for (std::int64_t k = entries.first; k < entries.end; ++k) {
      const std::int64_t gene = load(x.indices + k) - first_gene;
      if (gene >= tile_genes) break;
      store(&tile[gene][threadIdx.x], load(x.values + k));
    }
  }
  __syncthreads();
}

/// sums[g] += the products of gene g's values with rows of the gradient, over the 32 cells from first_cell
/// on; `value` is the lane's cell's of every gene, and so is `left` the cells that have the gene. All lanes
/// of a warp call it.
template <int access>
__device__ __forceinline__ void add_cells(Four (&sums)[warp_genes], const float (&value)[warp_genes],
                                          unsigned (&left)[warp_genes], std::int64_t first_cell,
                                          const MatrixView<const float>& grad_out, const Columns& columns) {
  unsigned any = 0;
#pragma unroll
  for (int g = 0; g < warp_genes; ++g) any |= left[g];
  while (any != 0) {
    Four rows[warp_genes][cells_at_once];
    int cells[warp_genes][cells_at_once];
    any = 0;
#pragma unroll
    for (int g = 0; g < warp_genes; ++g) {
#pragma unroll
      for (int k = 0; k < cells_at_once; ++k) {
        cells[g][k] = __ffs(static_cast<int>(left[g])) - 1;  // -1: none is left
        left[g] &= left[g] - 1;
        if (cells[g][k] >= 0) rows[g][k] = columns.load<access>(grad_out.row(first_cell + cells[g][k]));
      }
      any |= left[g];
    }
#pragma unroll
    for (int g = 0; g < warp_genes; ++g) {
#pragma unroll
      for (int k = 0; k < cells_at_once; ++k) {
        if (cells[g][k] >= 0) add_product(sums[g], __shfl_sync(full_warp, value[g], cells[g][k]), rows[g][k]);
      }
    }
  }
}

template <int access>
__global__ void __launch_bounds__(threads, gradient_blocks)
    weight_gradient(CsrView<const float> x, BatchRows rows, MatrixView<const float> grad_out,
                    MatrixView<float> grad_weight) {
  __shared__ __align__(16) float tile[tile_genes][tile_cells];
  const int warp = static_cast<int>(threadIdx.x) / warp_size,
            lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t tiles = tiles_of(grad_weight.cols);
  device::for_each_in_blocks((x.cols + tile_genes - 1) / tile_genes * tiles, [&](std::int64_t t) {
    const Columns columns = device::columns_at(t % tiles * warp_size + lane, grad_weight.cols);
    const std::int64_t first_gene = t / tiles * tile_genes, mine = first_gene + warp * warp_genes;
    Four sums[warp_genes];
    bool changed[warp_genes] = {};
#pragma unroll
    for (int g = 0; g < warp_genes; ++g)
      sums[g] = mine + g < x.cols ? columns.load<access>(grad_weight.row(mine + g)) : Four{};
    for (std::int64_t first_cell = 0; first_cell < rows.count; first_cell += tile_cells) {
      spread(x, rows, first_gene, first_cell, tile);
      for (int c = 0; c < tile_cells && first_cell + c < rows.count; c += warp_size) {
        float value[warp_genes];
        unsigned left[warp_genes];
#pragma unroll
        for (int g = 0; g < warp_genes; ++g) {
          value[g] = load(&tile[warp * warp_genes + g][c + lane]);
          left[g] = __ballot_sync(full_warp, value[g] != 0);
          changed[g] = changed[g] || left[g] != 0;
        }
        add_cells<access>(sums, value, left, first_cell + c, grad_out, columns);
      }
      __syncthreads();  // the next cells overwrite `tile`
    }
#pragma unroll
    for (int g = 0; g < warp_genes; ++g) {
      if (changed[g]) columns.store<access>(grad_weight.row(mine + g), sums[g]);
    }
  });
}

}  // namespace kernels::sparse_linear

template <class T>
void cuda::sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                         MatrixView<T> out) {
  using namespace kernels::sparse_linear;
  const bool aligned = device::aligned_rows<width>(weight) && device::aligned_rows<width>(out);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(forward<constant>,
                   {.grid = device::blocks_for(rows.count * tiles_of(weight.cols), 1),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   x, rows, weight, out);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::sparse_linear);

template <class T>
void cuda::sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                         MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  using namespace kernels::sparse_linear;
  const bool aligned = device::aligned_rows<width>(grad_out) && device::aligned_rows<width>(grad_weight);
  const std::int64_t gene_tiles = (x.cols + tile_genes - 1) / tile_genes;
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(weight_gradient<constant>,
                   {.grid = device::blocks_for(gene_tiles * tiles_of(grad_weight.cols), 1),
                    .block = threads,
                    .stream = device::stream_of(context)},
                   x, rows, grad_out, grad_weight);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::sparse_linear_weight_gradient);

}  // namespace sparcell
