// The gradient of a sparse layer's weight where the sums of all genes for four features fit in shared memory:
// a block takes four neighbouring features, reads the batch once, and its threads take the entries of one
// cell after the other. The entries of a cell have different genes, so threads never meet; between cells
// stands a barrier. Teams of threads take parts of the batch at the same time, each with sums of its own,
// which are added up in the order of the parts.
#pragma once

#include "device/rows.h"
#include "device/shared.h"
#include "device/slab.h"
#include "sparcell/core/matrix.h"

namespace sparcell::kernels::sparse_linear {

using device::Columns, device::Four, device::load, device::store;

constexpr int slab_threads = 1024;
constexpr int most_teams = 8;
constexpr std::int64_t most_slab_cells = 512;
// Zeros included: every block reads all cells, and beyond that reading them takes longest.
constexpr std::int64_t most_slab_products = std::int64_t{1} << 26;
constexpr int entries_ahead = 2;  // of a cell, that a thread has on their way
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1000
constexpr int cells_ahead = 3;  // code for 10.0 and newer spills in the registers of four
#else
constexpr int cells_ahead = 4;
#endif
/// Of sums: with the cells' own a little less than a multiprocessor of compute capability 9.0 has. Not a
/// property of the device, so that sums are added in the same order on every one that has as much.
constexpr std::size_t most_sum_bytes = 160 * 1024;

/// As many teams as there is room for the sums of; 0 where there is none.
inline int teams_of(std::int64_t genes) {
  int teams = most_teams;
  while (teams > 0 && sizeof(Four) * static_cast<std::size_t>(teams * genes) > most_sum_bytes) teams /= 2;
  return teams;
}

/// Where the entries of a cell lie.
struct alignas(16) CellEntries {
  std::int64_t first;
  std::int32_t count, unused;
};

/// Per cell its entries and the gradient at the block's features, then sums.
inline std::size_t slab_bytes(std::int64_t cells, std::int64_t genes, int teams) {
  return (sizeof(CellEntries) + sizeof(Four)) * static_cast<std::size_t>(cells) +
         sizeof(Four) * static_cast<std::size_t>(teams * genes);
}

/// What a thread reads of some neighbouring cells.
struct Ahead {
  std::int32_t count[cells_ahead];  ///< of all entries
  std::int32_t gene[cells_ahead][entries_ahead];
  float value[cells_ahead][entries_ahead];
};

/// One team's part of the batch, as one of its threads sees it.
struct Team {
  int threads, own, begin, end;

  __device__ __forceinline__ Team(int teams, int cells) {
    threads = slab_threads / teams;
    own = static_cast<int>(threadIdx.x) % threads;
    const int team = static_cast<int>(threadIdx.x) / threads;
    begin = team * most_cells(teams, cells);
    end = begin + most_cells(teams, cells) < cells ? begin + most_cells(teams, cells) : cells;
  }
  static __device__ __forceinline__ int most_cells(int teams, int cells) {
    return (cells + teams - 1) / teams;
  }

  /// Cells behind the last have no entries.
  __device__ __forceinline__ Ahead fetch(const CsrView<const float>& x, const CellEntries* cells,
                                         int step) const {
    Ahead out;
    std::int64_t first[cells_ahead];
#pragma unroll
    for (int c = 0; c < cells_ahead; ++c) {
      const int cell = begin + step + c;
      CellEntries entries{0, 0, 0};
      if (cell < end) entries = load(cells + cell);
      first[c] = entries.first, out.count[c] = entries.count;
    }
#pragma unroll
    for (int c = 0; c < cells_ahead; ++c) {
#pragma unroll
      for (int k = 0; k < entries_ahead; ++k) {
        const int at = own + k * threads;
        out.gene[c][k] = 0, out.value[c][k] = 0;
        if (at < out.count[c])
          out.gene[c][k] = load(x.indices + first[c] + at), out.value[c][k] = load(x.values + first[c] + at);
      }
    }
    return out;
  }
};

template <int access>
__global__ void __launch_bounds__(slab_threads)
    weight_gradient_of_slab(CsrView<const float> x, BatchRows rows, MatrixView<const float> grad_out,
                            MatrixView<float> grad_weight, int teams) {
  const auto genes = static_cast<int>(x.cols), cell_count = static_cast<int>(rows.count);
  CellEntries* const cells = device::dynamic_shared<CellEntries>();
  Four* const gradients =
      device::dynamic_shared<Four>(sizeof(CellEntries) * static_cast<std::size_t>(cell_count));
  Four* const all_sums = gradients + cell_count;
  const Columns columns = device::columns_at(blockIdx.x, grad_weight.cols);
  const int mine = static_cast<int>(threadIdx.x);  // there are fewer cells than threads
  CellEntries entries{0, 0, 0};
  Four gradient{};
  if (mine < cell_count) {
    const std::int64_t row = device::row_of(rows, mine);
    gradient = columns.load<access>(grad_out.row(mine));
    entries.first = load(x.offsets + row);
    entries.count = static_cast<std::int32_t>(load(x.offsets + row + 1) - entries.first);
  }
  device::for_each_in_block(static_cast<std::int64_t>(teams) * genes,
                            [&](std::int64_t i) { store(all_sums + i, Four{}); });
  if (mine < cell_count) store(cells + mine, entries), store(gradients + mine, gradient);
  __syncthreads();

  const Team team(teams, cell_count);
  Four* const sums = all_sums + static_cast<int>(threadIdx.x) / team.threads * genes;
  const auto add = [&](std::int32_t gene, float value, const Four& at_cell) {
    Four sum = load(sums + gene);
#pragma unroll
    for (int k = 0; k < device::own_columns; ++k) sum[k] = __fmaf_rn(value, at_cell[k], sum[k]);
    store(sums + gene, sum);
  };
  const int steps = Team::most_cells(teams, cell_count);
  Ahead next = team.fetch(x, cells, 0);
  for (int step = 0; step < steps; step += cells_ahead) {
    const Ahead now = next;
    next = team.fetch(x, cells, step + cells_ahead);
#pragma unroll
    for (int c = 0; c < cells_ahead; ++c) {
      if (team.own < now.count[c]) {
        const int cell = team.begin + step + c;
        const Four at_cell = load(gradients + cell);
#pragma unroll
        for (int k = 0; k < entries_ahead; ++k) {
          if (team.own + k * team.threads < now.count[c]) add(now.gene[c][k], now.value[c][k], at_cell);
        }
#pragma unroll 1
        for (int at = team.own + entries_ahead * team.threads; at < now.count[c]; at += team.threads) {
          const std::int64_t entry = load(&cells[cell].first) + at;
          add(load(x.indices + entry), load(x.values + entry), at_cell);
        }
      }
      __syncthreads();
    }
  }
#pragma unroll 1
  for (int gene = static_cast<int>(threadIdx.x); gene < genes; gene += slab_threads) {
    Four total = columns.load<access>(grad_weight.row(gene));
    for (int t = 0; t < teams; ++t) device::add(total, load(all_sums + t * genes + gene));
    columns.store<access>(grad_weight.row(gene), total);
  }
}

}  // namespace sparcell::kernels::sparse_linear
