// Mean and variance of every gene in one pass over the cells. A block adds one part of the rows up, row after
// row, in shared memory of f64 sums for `tile_genes` genes: the entries of a row have different genes, so its
// threads never meet, and the order of additions is that of the rows. The parts are added, in order, by a
// second kernel.
#include "sparcell/ops/gene_moments.h"

#include <algorithm>

#include "cuda/memory.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/shared.h"
#include "device/sparse.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::gene_moments {

using device::load, device::store;

constexpr int threads = 512;
constexpr int finish_threads = 256;
constexpr std::int64_t tile_genes = 6144;    // 96 KiB of sums: two blocks on a multiprocessor of an H100
constexpr std::int64_t blocks_wanted = 264;  // two for each of its 132 multiprocessors

struct Sums {
  double sum, squares;
};

/// How rows and genes are cut.
struct Plan {
  std::int64_t tiles, parts, rows_per_part;

  Plan(std::int64_t rows, std::int64_t genes) {
    tiles = (genes + tile_genes - 1) / tile_genes;
    parts = std::min(rows, std::max<std::int64_t>(1, blocks_wanted / tiles));
    rows_per_part = (rows + parts - 1) / parts;
    parts = (rows + rows_per_part - 1) / rows_per_part;
  }
};

/// partial[part * genes + gene] = sums over the part's rows.
template <bool expm1>
__global__ void __launch_bounds__(threads)
    add_rows(CsrView<const float> x, const std::int32_t* rows, std::int64_t row_count, const double* clip,
             std::int64_t rows_per_part, Sums* partial) {
  Sums* const sums = device::dynamic_shared<Sums>();
  const std::int64_t first_gene = blockIdx.x * tile_genes;
  const std::int64_t genes = x.cols - first_gene < tile_genes ? x.cols - first_gene : tile_genes;
  const std::int64_t first_row = blockIdx.y * rows_per_part;
  const std::int64_t end_row = first_row + rows_per_part < row_count ? first_row + rows_per_part : row_count;
  device::for_each_in_block(genes, [&](std::int64_t g) { sums[g] = {0, 0}; });
  __syncthreads();
  for (std::int64_t i = first_row; i < end_row; ++i) {
    const auto entries = device::entries_of(x, load(rows + i), first_gene, first_gene + genes);
    device::for_each_in_block(entries.count(), [&](std::int64_t k) {
      const std::int32_t gene = load(x.indices + entries.first + k);
      const float value = load(x.values + entries.first + k);
      double v = static_cast<double>(expm1 ? math::expm1(value) : value);
      if (clip != nullptr) v = v < load(clip + gene) ? v : load(clip + gene);
      Sums& of_gene = sums[gene - first_gene];
      of_gene = {of_gene.sum + v, of_gene.squares + v * v};
    });
    __syncthreads();  // the next row has some of the same genes
  }
  device::for_each_in_block(
      genes, [&](std::int64_t g) { store(partial + blockIdx.y * x.cols + first_gene + g, sums[g]); });
}

__global__ void __launch_bounds__(finish_threads)
    finish(const Sums* partial, std::int64_t parts, std::int64_t genes, double rows, double* mean,
           double* variance) {
  device::for_each_in_grid(genes, [&](std::int64_t g) {
    Sums total{0, 0};
    for (std::int64_t part = 0; part < parts; ++part) {
      const Sums sums = load(partial + part * genes + g);
      total = {total.sum + sums.sum, total.squares + sums.squares};
    }
    const double center = total.sum / rows;
    const double spread = total.squares / rows - center * center;
    store(mean + g, center);
    store(variance + g, spread > 0 ? spread : 0);
  });
}

}  // namespace kernels::gene_moments

template <class T>
void cuda::gene_moments(Context& context, CsrView<const T> x, std::span<const std::int32_t> rows,
                        MomentsOf of, std::span<const double> clip, std::span<double> mean,
                        std::span<double> variance) {
  using namespace kernels::gene_moments;
  const auto row_count = static_cast<std::int64_t>(rows.size());
  const Plan plan(row_count, x.cols);
  Sums* const partial = cuda::workspace<Sums>(context, plan.parts * x.cols);
  const cudaStream_t stream = device::stream_of(context);
  device::launch(of == MomentsOf::expm1 ? add_rows<true> : add_rows<false>,
                 {.grid = dim3(static_cast<unsigned>(plan.tiles), static_cast<unsigned>(plan.parts)),
                  .block = threads,
                  .shared = static_cast<std::size_t>(std::min(x.cols, tile_genes)) * sizeof(Sums),
                  .stream = stream},
                 x, rows.data(), row_count, clip.empty() ? nullptr : clip.data(), plan.rows_per_part,
                 partial);
  device::launch(
      finish, {.grid = device::blocks_for(x.cols, finish_threads), .block = finish_threads, .stream = stream},
      partial, plan.parts, x.cols, static_cast<double>(row_count), mean.data(), variance.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::gene_moments);

}  // namespace sparcell
