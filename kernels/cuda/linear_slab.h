// The product that a slab of a layer needs: a block takes four neighbouring features and all rows of the
// batch, and every thread ends with one number for each of its rows. So sums over the batch stay within a
// block, and what follows a product follows in registers.
//
// The eight lanes that share a row read 128 neighbouring bytes of it and add up four products each for every
// feature and every 32 terms; four such groups lie in a warp, each with two rows. The features' weights lie
// in shared memory. At the end the lanes trade sums, until each has that of one row and feature.
#pragma once

#include "device/reduce.h"
#include "device/rows.h"
#include "device/shared.h"
#include "device/slab.h"
#include "sparcell/core/matrix.h"

namespace sparcell::kernels::linear {

using device::Four, device::load, device::store, device::warp_size;

constexpr int threads = 512;          // at most; fewer for fewer rows
constexpr int blocks = 1;             // at least, on a multiprocessor: no layer here has many
constexpr int sparse_threads = 1024;  // as many entries of cells as can be on their way
constexpr int columns = device::own_columns;
constexpr int row_lanes = 8;
constexpr int pair_rows = 2;
constexpr int warp_rows = warp_size / row_lanes * pair_rows;
constexpr int most_tile_rows = threads / warp_size * warp_rows;
constexpr int most_warps = sparse_threads / warp_size;

/// Terms of a sum, in whole vectors.
__host__ __device__ inline int padded(std::int64_t terms) {
  return static_cast<int>((terms + columns - 1) / columns) * columns;
}

/// The calling thread's place: its feature, and its row of the first tile.
struct Place {
  int row, pair;  ///< of a tile: its own, and the first of the two that it adds up for
  int tile_rows;
  std::int64_t column;

  __device__ __forceinline__ Place() {
    const int lane = static_cast<int>(threadIdx.x) % warp_size,
              warp = static_cast<int>(threadIdx.x) / warp_size;
    pair = warp * warp_rows + lane / row_lanes * pair_rows;
    row = pair + lane / columns % pair_rows;
    tile_rows = static_cast<int>(blockDim.x) / warp_size * warp_rows;
    column = static_cast<std::int64_t>(blockIdx.x) * columns + lane % columns;
  }
};

/// Which numbers of a weight a block needs: `terms` for each of its features, zeros where there is no
/// feature. Rows of the weight are features (forward) or terms (back).
enum class Features { are_rows, are_columns };

template <Features features>
__device__ __forceinline__ void stage(const MatrixView<const float>& weight, std::int64_t terms,
                                      float* staged) {
  const int stride = padded(terms);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * columns;
  if constexpr (features == Features::are_rows) {
#pragma unroll
    for (int c = 0; c < columns; ++c) {
      const bool there = first + c < weight.rows;
      device::for_each_in_block(stride, [&](std::int64_t k) {
        store(staged + c * stride + k, there && k < terms ? load(weight.row(first + c) + k) : 0.0f);
      });
    }
  } else {
    const device::Columns own = device::columns_at(blockIdx.x, weight.cols);
    device::for_each_in_block(stride, [&](std::int64_t k) {
      const Four values = k < terms ? own.load<1>(weight.row(k)) : Four{};
#pragma unroll
      for (int c = 0; c < columns; ++c) store(staged + c * stride + k, values[c]);
    });
  }
  __syncthreads();
}

/// The sum that `mine` of a lane stands for, after lanes whose number differs by `distance` have traded: a
/// lane without that bit gets `low`'s, the other `high`'s.
__device__ __forceinline__ float traded(float low, float high, int distance) {
  const bool upper = (threadIdx.x & static_cast<unsigned>(distance)) != 0;
  return (upper ? high : low) + device::shuffle_xor(upper ? low : high, distance);
}

/// What the lanes of a row have added up for two rows and four features, as the sum of the thread's row and
/// feature. All lanes of a warp call it.
__device__ __forceinline__ float own_sum(const float (&sum)[pair_rows][columns]) {
  float of_row[columns], of_half[columns / 2];
#pragma unroll
  for (int c = 0; c < columns; ++c) of_row[c] = traded(sum[0][c], sum[1][c], 4);
#pragma unroll
  for (int c = 0; c < columns / 2; ++c) of_half[c] = traded(of_row[c], of_row[c + columns / 2], 2);
  return traded(of_half[0], of_half[1], 1);
}

/// The product of the thread's row of the tile from `first_row` on with its feature. Rows beyond the last are
/// computed as the last one. All threads of a block call it.
template <int width>
__device__ __forceinline__ float product(const Place& place, const MatrixView<const float>& input,
                                         std::int64_t first_row, const float* staged) {
  const int terms = static_cast<int>(input.cols), stride = padded(terms);
  const float* row[pair_rows];
#pragma unroll
  for (int i = 0; i < pair_rows; ++i) {
    const std::int64_t r = first_row + place.pair + i;
    row[i] = input.row(r < input.rows ? r : input.rows - 1);
  }
  float sum[pair_rows][columns] = {};
#pragma unroll(width == 1 ? 1 : 4)
  for (int k = static_cast<int>(threadIdx.x) % row_lanes * columns; k < terms; k += row_lanes * columns) {
    const int left = terms - k;
    Four x[pair_rows];
#pragma unroll
    for (int i = 0; i < pair_rows; ++i)
      x[i] = device::load_part<width, columns>(row[i] + k, left < columns ? left : columns);
#pragma unroll
    for (int c = 0; c < columns; ++c) {
      const Four w = device::load_vector<columns>(staged + c * stride + k);
#pragma unroll
      for (int i = 0; i < pair_rows; ++i) {
#pragma unroll
        for (int j = 0; j < columns; ++j) sum[i][c] = __fmaf_rn(x[i][j], w[j], sum[i][c]);
      }
    }
  }
  return own_sum(sum);
}

/// The block's features of an input-major weight: four numbers a gene.
template <int width>
__device__ __forceinline__ void stage_genes(const MatrixView<const float>& weight, Four* staged) {
  const device::Columns own = device::columns_at(blockIdx.x, weight.cols);
  device::for_each_in_block(
      weight.rows, [&](std::int64_t gene) { store(staged + gene, own.load<width>(weight.row(gene))); });
  __syncthreads();
}

/// The product of the thread's cell with its feature, as product() has it of dense rows: the lanes of a cell
/// take its entries in turn.
__device__ __forceinline__ float sparse_product(const Place& place, const CsrView<const float>& x,
                                                const BatchRows& rows, const Four* staged) {
  float sum[pair_rows][columns] = {};
#pragma unroll
  for (int i = 0; i < pair_rows; ++i) {
    const std::int64_t r = place.pair + i, cell = device::row_of(rows, r < rows.count ? r : rows.count - 1);
    const std::int64_t first = load(x.offsets + cell);
    const auto count = static_cast<int>(load(x.offsets + cell + 1) - first);
    const std::int32_t* const genes = x.indices + first;
    const float* const values = x.values + first;
#pragma unroll 4
    for (int k = static_cast<int>(threadIdx.x) % row_lanes; k < count; k += row_lanes) {
      const float value = load(values + k);
      const Four w = load(staged + load(genes + k));
#pragma unroll
      for (int c = 0; c < columns; ++c) sum[i][c] = __fmaf_rn(value, w[c], sum[i][c]);
    }
  }
  return own_sum(sum);
}

/// Sums over the rows of the block of each feature, for every thread, of what each thread has summed over its
/// own. All threads call it.
template <int count>
__device__ __forceinline__ void sum_over_rows(float (&sums)[count]) {
  __shared__ float partial[count][most_warps][columns];
  const int lane = static_cast<int>(threadIdx.x) % warp_size,
            warp = static_cast<int>(threadIdx.x) / warp_size,
            warps = static_cast<int>(blockDim.x) / warp_size;
#pragma unroll
  for (int i = 0; i < count; ++i) {
#pragma unroll
    for (int distance = columns; distance < warp_size; distance *= 2)
      sums[i] += device::shuffle_xor(sums[i], distance);
    if (lane < columns) store(&partial[i][warp][lane], sums[i]);
  }
  __syncthreads();
#pragma unroll
  for (int i = 0; i < count; ++i) {
    sums[i] = load(&partial[i][0][lane % columns]);
    for (int w = 1; w < warps; ++w) sums[i] += load(&partial[i][w][lane % columns]);
  }
  __syncthreads();  // the next call may write `partial`
}

}  // namespace sparcell::kernels::linear
