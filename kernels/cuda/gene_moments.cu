// Mean and variance of every gene in one pass over the cells. A block adds one part of the rows up in shared
// memory, f64 sums for `tile_genes` genes; each of its warps owns `slice_genes` of them and walks along the
// rows alone. The entries of a row have different genes, so lanes never meet, and the order of additions is
// that of the rows. A first kernel finds where the slices begin in every row, which leaves nothing to search
// and no block to wait for in the second; a third adds the parts, in order.
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

using device::full_warp, device::load, device::store, device::warp_size;

constexpr int warps = 8;
constexpr int threads = warps * warp_size;
constexpr int other_threads = 256;  // of the first and the last kernel
constexpr std::int64_t slice_genes = 768;
// 96 KiB of sums: two blocks on a multiprocessor of an H100. Blocks of half the warps fit every device; warps
// have nothing to do with each other, so that sums are the same.
constexpr std::int64_t tile_genes = warps * slice_genes;
constexpr std::int64_t blocks_wanted = 264;  // two for each of its 132 multiprocessors
// Entries that a lane has on their way while it adds others up, so that memory and shared memory are busy at
// the same time: those of 4 rows, of which a slice has 77 where a tenth of all values is not zero.
constexpr int rows_at_once = 4;
static_assert(warp_size % rows_at_once == 0);
constexpr int entries_at_once = 3;

struct Sums {
  double sum, squares;
};

/// How rows and genes are cut.
struct Plan {
  std::int64_t slices, tiles, parts, rows_per_part;

  Plan(std::int64_t rows, std::int64_t genes) {
    slices = (genes + slice_genes - 1) / slice_genes;
    tiles = (genes + tile_genes - 1) / tile_genes;
    parts = std::min(rows, std::max<std::int64_t>(1, blocks_wanted / tiles));
    rows_per_part = (rows + parts - 1) / parts;
    parts = (rows + rows_per_part - 1) / rows_per_part;
  }
};

/// begins[i * (slices + 1) + s]: how many entries of rows[i] lie before slice s; for s = slices all of them.
__global__ void __launch_bounds__(other_threads)
    find_slices(CsrView<const float> x, const std::int32_t* rows, std::int64_t row_count, std::int64_t slices,
                std::int32_t* begins) {
  device::for_each_in_grid(row_count * (slices + 1), [&](std::int64_t at) {
    const std::int64_t row = load(rows + at / (slices + 1)), slice = at % (slices + 1);
    const device::Entries entries{load(x.offsets + row), load(x.offsets + row + 1)};
    std::int64_t first = slice == 0 ? entries.first : entries.end;
    if (slice > 0 && slice < slices)
      first = device::first_entry_from(x.indices, entries, slice * slice_genes);
    store(begins + at, static_cast<std::int32_t>(first - entries.first));
  });
}

/// What of a row lies in a warp's slice.
struct Piece {
  std::int64_t first;
  std::int32_t count;
};

__device__ __forceinline__ Piece piece_of(const CsrView<const float>& x, const std::int32_t* rows,
                                          std::int64_t i, const std::int32_t* begins, std::int64_t slices,
                                          std::int64_t slice) {
  const std::int32_t begin = load(begins + i * (slices + 1) + slice);
  const std::int32_t end = load(begins + i * (slices + 1) + slice + 1);
  return {load(x.offsets + load(rows + i)) + begin, end - begin};
}

/// The piece of lane `lane`. All lanes of a warp call it.
__device__ __forceinline__ Piece piece_from(const Piece& mine, int lane) {
  return {__shfl_sync(full_warp, static_cast<long long>(mine.first), lane),
          __shfl_sync(full_warp, mine.count, lane)};
}

/// A lane's first entries of some rows.
struct Fetched {
  std::int32_t gene[rows_at_once][entries_at_once];
  float value[rows_at_once][entries_at_once];

  /// Of the pieces from lane `first` on. All lanes of a warp call it.
  __device__ __forceinline__ Fetched(const CsrView<const float>& x, const Piece& mine, int first) {
    const int lane = static_cast<int>(threadIdx.x) % warp_size;
#pragma unroll
    for (int u = 0; u < rows_at_once; ++u) {
      const Piece piece = piece_from(mine, first + u);
#pragma unroll
      for (int k = 0; k < entries_at_once; ++k) {
        const int at = lane + k * warp_size;
        if (at >= piece.count) continue;
        gene[u][k] = load(x.indices + piece.first + at);
        value[u][k] = load(x.values + piece.first + at);
      }
    }
  }
};

/// partial[part * genes + gene] = sums over the part's rows.
template <bool expm1>
__global__ void __launch_bounds__(threads, 2)
    add_rows(CsrView<const float> x, const std::int32_t* rows, std::int64_t row_count,
             const std::int32_t* begins, std::int64_t slices, const double* clip, std::int64_t rows_per_part,
             Sums* partial) {
  Sums* const tile = device::dynamic_shared<Sums>();
  const int warp = static_cast<int>(threadIdx.x) / warp_size,
            lane = static_cast<int>(threadIdx.x) % warp_size;
  const std::int64_t slice = std::int64_t{blockIdx.x} * (blockDim.x / warp_size) + warp;
  if (slice >= slices) return;  // no barrier follows: warps have nothing to do with each other
  const std::int64_t first_gene = slice * slice_genes;
  const std::int64_t genes = x.cols - first_gene < slice_genes ? x.cols - first_gene : slice_genes;
  Sums* const sums = tile + warp * slice_genes;
  for (std::int64_t g = lane; g < genes; g += warp_size) sums[g] = {0, 0};
  __syncwarp();

  const auto add = [&](std::int32_t gene, float value) {
    double v = static_cast<double>(expm1 ? math::expm1(value) : value);
    if (clip != nullptr) v = v < load(clip + gene) ? v : load(clip + gene);
    Sums& of_gene = sums[gene - first_gene];
    of_gene = {of_gene.sum + v, of_gene.squares + v * v};
  };
  const std::int64_t first_row = blockIdx.y * rows_per_part;
  const std::int64_t end_row = first_row + rows_per_part < row_count ? first_row + rows_per_part : row_count;
  const auto piece = [&](std::int64_t i) {
    return i < end_row ? piece_of(x, rows, i, begins, slices, slice) : Piece{0, 0};
  };
  Piece mine = piece(first_row + lane);
  Fetched next(x, mine, 0);
  for (std::int64_t i = first_row; i < end_row; i += warp_size) {
    const Piece following = piece(i + warp_size + lane);
#pragma unroll 1
    for (int r = 0; r < warp_size && i + r < end_row; r += rows_at_once) {
      const Fetched now = next;
      const bool last = r + rows_at_once == warp_size;
      const Piece then{last ? following.first : mine.first, last ? following.count : mine.count};
      next = Fetched(x, then, last ? 0 : r + rows_at_once);
#pragma unroll
      for (int u = 0; u < rows_at_once; ++u) {
        const Piece own = piece_from(mine, r + u);
#pragma unroll
        for (int k = 0; k < entries_at_once; ++k) {
          if (lane + k * warp_size < own.count) add(now.gene[u][k], now.value[u][k]);
        }
#pragma unroll 1
        for (int at = lane + entries_at_once * warp_size; at < own.count; at += warp_size)
          add(load(x.indices + own.first + at), load(x.values + own.first + at));
        __syncwarp();  // the next row has some of the same genes
      }
    }
    mine = following;
  }
  for (std::int64_t g = lane; g < genes; g += warp_size)
    store(partial + blockIdx.y * x.cols + first_gene + g, sums[g]);
}

__global__ void __launch_bounds__(other_threads)
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
  const cudaStream_t stream = device::stream_of(context);
  const auto partial_bytes = static_cast<std::size_t>(plan.parts * x.cols) * sizeof(Sums);
  const auto begins_bytes = static_cast<std::size_t>(row_count * (plan.slices + 1)) * sizeof(std::int32_t);
  auto* const memory =
      cuda::workspace<std::byte>(context, static_cast<std::int64_t>(partial_bytes + begins_bytes));
  auto* const partial = reinterpret_cast<Sums*>(memory);
  auto* const begins = reinterpret_cast<std::int32_t*>(memory + partial_bytes);
  device::launch(find_slices,
                 {.grid = device::blocks_for(row_count * (plan.slices + 1), other_threads),
                  .block = other_threads,
                  .stream = stream},
                 x, rows.data(), row_count, plan.slices, begins);
  const int block_warps = device::fits_shared(context, tile_genes * sizeof(Sums)) ? warps : warps / 2;
  device::launch(
      of == MomentsOf::expm1 ? add_rows<true> : add_rows<false>,
      {.grid = dim3(device::blocks_for(plan.slices, block_warps), static_cast<unsigned>(plan.parts)),
       .block = static_cast<unsigned>(block_warps * warp_size),
       .shared = static_cast<std::size_t>(std::min(x.cols, block_warps * slice_genes)) * sizeof(Sums),
       .stream = stream},
      x, rows.data(), row_count, begins, plan.slices, clip.empty() ? nullptr : clip.data(),
      plan.rows_per_part, partial);
  device::launch(
      finish, {.grid = device::blocks_for(x.cols, other_threads), .block = other_threads, .stream = stream},
      partial, plan.parts, x.cols, static_cast<double>(row_count), mean.data(), variance.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::gene_moments);

}  // namespace sparcell
