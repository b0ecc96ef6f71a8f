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
constexpr std::int64_t most_slab_features = 1024;  // every block reads all cells
constexpr int entries_ahead = 2;                   // of a cell, that a thread has on their way
constexpr int cells_ahead = 4;
/// Of sums: with the cells' own a little less than a multiprocessor of compute capability 9.0 has. Not a
/// property of the device, so that sums are added in the same order on every one that has as much.
constexpr std::size_t most_sum_bytes = 160 * 1024;

/// As many teams as there is room for the sums of; 0 where there is none.
inline int teams_of(std::int64_t genes) {
  int teams = most_teams;
  while (teams > 0 && sizeof(Four) * static_cast<std::size_t>(teams * genes) > most_sum_bytes) teams /= 2;
  return teams;
}

/// A cell of the batch: its entries and the gradient at the block's features.
struct SlabCell {
  std::int64_t first;
  std::int32_t count;
  std::int32_t unused;
  Four gradient;
};

/// Cells, then sums.
inline std::size_t slab_bytes(std::int64_t cells, std::int64_t genes, int teams) {
  return sizeof(SlabCell) * static_cast<std::size_t>(cells) +
         sizeof(Four) * static_cast<std::size_t>(teams * genes);
}

template <int access>
__global__ void __launch_bounds__(slab_threads)
    weight_gradient_of_slab(CsrView<const float> x, BatchRows rows, MatrixView<const float> grad_out,
                            MatrixView<float> grad_weight, int teams) {
  SlabCell* const cells = device::dynamic_shared<SlabCell>();
  Four* const all_sums =
      device::dynamic_shared<Four>(sizeof(SlabCell) * static_cast<std::size_t>(rows.count));
  const Columns columns = device::columns_at(blockIdx.x, grad_weight.cols);
  const auto genes = static_cast<int>(x.cols), cell_count = static_cast<int>(rows.count);
  device::for_each_in_block(cell_count, [&](std::int64_t i) {
    const std::int64_t row = device::row_of(rows, i), first = load(x.offsets + row);
    store(cells + i, SlabCell{first, static_cast<std::int32_t>(load(x.offsets + row + 1) - first), 0,
                              columns.load<access>(grad_out.row(i))});
  });
  device::for_each_in_block(static_cast<std::int64_t>(teams) * genes,
                            [&](std::int64_t i) { store(all_sums + i, Four{}); });
  __syncthreads();

  const int team_threads = slab_threads / teams, team = static_cast<int>(threadIdx.x) / team_threads,
            own = static_cast<int>(threadIdx.x) % team_threads;
  const int cells_of_team = (cell_count + teams - 1) / teams, begin = team * cells_of_team,
            end = begin + cells_of_team < cell_count ? begin + cells_of_team : cell_count;
  Four* const sums = all_sums + team * genes;
  const auto add = [&](std::int32_t gene, float value, const Four& gradient) {
    Four sum = load(sums + gene);
#pragma unroll
    for (int k = 0; k < device::own_columns; ++k) sum[k] = __fmaf_rn(value, gradient[k], sum[k]);
    store(sums + gene, sum);
  };
  struct Entries {
    std::int32_t gene[cells_ahead][entries_ahead];  // -1: there is none
    float value[cells_ahead][entries_ahead];
  };
  const auto fetch = [&](int step) {
    Entries entries;
#pragma unroll
    for (int c = 0; c < cells_ahead; ++c) {
#pragma unroll
      for (int k = 0; k < entries_ahead; ++k) {
        const int cell = begin + step + c, at = own + k * team_threads;
        const bool there = cell < end && at < load(&cells[cell].count);
        const std::int64_t entry = there ? load(&cells[cell].first) + at : 0;
        entries.gene[c][k] = there ? load(x.indices + entry) : -1;
        entries.value[c][k] = there ? load(x.values + entry) : 0;
      }
    }
    return entries;
  };
  Entries next = fetch(0);
  for (int step = 0; step < cells_of_team; step += cells_ahead) {
    const Entries now = next;
    next = fetch(step + cells_ahead);
#pragma unroll
    for (int c = 0; c < cells_ahead; ++c) {
      const int cell = begin + step + c;
      if (cell < end) {
        const Four gradient = load(&cells[cell].gradient);
#pragma unroll
        for (int k = 0; k < entries_ahead; ++k) {
          if (now.gene[c][k] >= 0) add(now.gene[c][k], now.value[c][k], gradient);
        }
        for (int at = own + entries_ahead * team_threads; at < load(&cells[cell].count); at += team_threads) {
          const std::int64_t entry = load(&cells[cell].first) + at;
          add(load(x.indices + entry), load(x.values + entry), gradient);
        }
      }
      __syncthreads();
    }
  }
  device::for_each_in_block(genes, [&](std::int64_t gene) {
    Four total = columns.load<access>(grad_weight.row(gene));
    for (int t = 0; t < teams; ++t) device::add(total, load(all_sums + t * genes + gene));
    columns.store<access>(grad_weight.row(gene), total);
  });
}

}  // namespace sparcell::kernels::sparse_linear
