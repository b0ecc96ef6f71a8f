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

constexpr int threads = 512;  // at most; fewer for fewer rows
constexpr int blocks = 1;     // at least, on a multiprocessor: no layer here has many
constexpr int columns = device::own_columns;
constexpr int row_lanes = 8;
constexpr int pair_rows = 2;
constexpr int warp_rows = warp_size / row_lanes * pair_rows;
constexpr int most_tile_rows = threads / warp_size * warp_rows;
constexpr int most_warps = threads / warp_size;

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

/// What the features are in the weight: rows (forward) or columns (back). The other side are the terms.
enum class Features { are_rows, are_columns };

/// staged[c * padded(terms) + k] = term k of the block's feature c; zeros where there is none. A barrier must
/// follow.
template <Features features, int width>
__device__ __forceinline__ void stage(const MatrixView<const float>& weight, std::int64_t terms,
                                      float* staged) {
  const int stride = padded(terms);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * columns;
  if constexpr (features == Features::are_rows) {
    // Vectors of all four features in one loop, so that none waits for another.
#pragma unroll 2
    for (int v = static_cast<int>(threadIdx.x); v < stride; v += static_cast<int>(blockDim.x)) {
      const int c = v * columns / stride, k = v * columns % stride;
      const bool there = first + c < weight.rows;
      const int left = static_cast<int>(terms) - k;
      const float* const row = weight.row(there ? first + c : 0);
      device::store_vector(
          staged + c * stride + k,
          device::load_part<width, columns>(row + k, there ? (left < columns ? left : columns) : 0));
    }
  } else {
    const device::Columns own = device::columns_at(blockIdx.x, weight.cols);
#pragma unroll 2
    for (int k = static_cast<int>(threadIdx.x); k < stride; k += static_cast<int>(blockDim.x)) {
      Four values{};
      if (k < terms) values = own.load<width>(weight.row(k));
#pragma unroll
      for (int c = 0; c < columns; ++c) store(staged + c * stride + k, values[c]);
    }
  }
}

/// A sum over two lanes whose numbers differ by the bit `distance`: of `low` for the lane without it, of
/// `high` for the other.
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

/// The thread's part of its pair's rows: 128 bytes of a row are one round of its eight lanes.
template <int width>
class Rows {
 public:
  static constexpr int ahead = width == 1 ? 2 : 4;  ///< rounds that are on their way at once
  struct Rounds {
    Four x[ahead][pair_rows];
  };

  /// Rows beyond the last are read as the last one.
  __device__ __forceinline__ Rows(const Place& place, const MatrixView<const float>& input,
                                  std::int64_t first_row)
      : terms_(static_cast<int>(input.cols)), begin_(static_cast<int>(threadIdx.x) % row_lanes * columns) {
#pragma unroll
    for (int i = 0; i < pair_rows; ++i) {
      const std::int64_t r = first_row + place.pair + i;
      row_[i] = input.row(r < input.rows ? r : input.rows - 1);
    }
  }
  __device__ __forceinline__ int rounds() const {
    return (terms_ + row_lanes * columns - 1) / (row_lanes * columns);
  }
  __device__ __forceinline__ int term(int round) const { return begin_ + round * row_lanes * columns; }
  /// Those from `round` on; zeros behind the last term.
  __device__ __forceinline__ Rounds fetch(int round) const {
    Rounds out;
#pragma unroll
    for (int u = 0; u < ahead; ++u) {
      const int k = term(round + u), left = terms_ - k,
                count = left < columns ? (left < 0 ? 0 : left) : columns;
#pragma unroll
      for (int i = 0; i < pair_rows; ++i) out.x[u][i] = device::load_part<width, columns>(row_[i] + k, count);
    }
    return out;
  }

 private:
  const float* row_[pair_rows];
  int terms_, begin_;
};

/// The product of the thread's row with its feature; `now` are the first rounds, which were fetched before a
/// barrier. All lanes of a warp call it.
template <class Rows>
__device__ __forceinline__ float product(const Rows& rows, typename Rows::Rounds now, int stride,
                                         const float* staged) {
  constexpr int ahead = Rows::ahead;
  float sum[pair_rows][columns] = {};
#pragma unroll 1
  for (int round = 0; round < rows.rounds(); round += ahead) {
    const auto next = rows.fetch(round + ahead);
#pragma unroll
    for (int u = 0; u < ahead; ++u) {
      const int k = rows.term(round + u);
      if (k >= stride) continue;
#pragma unroll
      for (int c = 0; c < columns; ++c) {
        const Four w = device::load_vector<columns>(staged + c * stride + k);
#pragma unroll
        for (int i = 0; i < pair_rows; ++i) {
#pragma unroll
          for (int j = 0; j < columns; ++j) sum[i][c] = __fmaf_rn(now.x[u][i][j], w[j], sum[i][c]);
        }
      }
    }
    now = next;
  }
  return own_sum(sum);
}

/// The block's features of an input-major weight: four numbers a gene. A barrier must follow.
template <int width>
__device__ __forceinline__ void stage_genes(const MatrixView<const float>& weight, Four* staged) {
  const device::Columns own = device::columns_at(blockIdx.x, weight.cols);
  constexpr int ahead = 4;
#pragma unroll 1
  for (std::int64_t first = threadIdx.x; first < weight.rows; first += ahead * blockDim.x) {
    Four values[ahead];
#pragma unroll
    for (int u = 0; u < ahead; ++u) {
      const std::int64_t gene = first + u * blockDim.x;
      values[u] = Four{};
      if (gene < weight.rows) values[u] = own.load<width>(weight.row(gene));
    }
#pragma unroll
    for (int u = 0; u < ahead; ++u) {
      const std::int64_t gene = first + u * blockDim.x;
      if (gene < weight.rows) store(staged + gene, values[u]);
    }
  }
}

/// The entries of the thread's pair of cells. Cells beyond the last are read as the last one.
struct Cells {
  const std::int32_t* genes[pair_rows];
  const float* values[pair_rows];
  int count[pair_rows];

  __device__ __forceinline__ Cells(const Place& place, const CsrView<const float>& x, const BatchRows& rows,
                                   std::int64_t first_row) {
#pragma unroll
    for (int i = 0; i < pair_rows; ++i) {
      const std::int64_t r = first_row + place.pair + i,
                         cell = device::row_of(rows, r < rows.count ? r : rows.count - 1);
      const std::int64_t first = load(x.offsets + cell);
      count[i] = static_cast<int>(load(x.offsets + cell + 1) - first);
      genes[i] = x.indices + first, values[i] = x.values + first;
    }
  }
};

/// The product of the thread's cell with its feature, as product() has it of dense rows: the lanes of a cell
/// take its entries in turn, four of each cell at once.
__device__ __forceinline__ float sparse_product(const Cells& cells, const Four* staged) {
  constexpr int ahead = 4;
  float sum[pair_rows][columns] = {};
  const int most = cells.count[0] > cells.count[1] ? cells.count[0] : cells.count[1];
#pragma unroll 1
  for (int first = static_cast<int>(threadIdx.x) % row_lanes; first < most; first += ahead * row_lanes) {
    std::int32_t gene[pair_rows][ahead];
    float value[pair_rows][ahead];
#pragma unroll
    for (int i = 0; i < pair_rows; ++i) {
#pragma unroll
      for (int u = 0; u < ahead; ++u) {
        const int k = first + u * row_lanes;
        gene[i][u] = 0, value[i][u] = 0;
        if (k < cells.count[i])
          gene[i][u] = load(cells.genes[i] + k), value[i][u] = load(cells.values[i] + k);
      }
    }
#pragma unroll
    for (int i = 0; i < pair_rows; ++i) {
#pragma unroll
      for (int u = 0; u < ahead; ++u) {
        const Four w = load(staged + gene[i][u]);
#pragma unroll
        for (int c = 0; c < columns; ++c) sum[i][c] = __fmaf_rn(value[i][u], w[c], sum[i][c]);
      }
    }
  }
  return own_sum(sum);
}

/// Which of a kernel's sums over rows: each has shared memory of its own.
enum SumsOf { first_sums, second_sums };

/// Sums over the rows of the block of each feature, for every thread, of what each thread has summed over its
/// own. All threads call it, once a launch for each `which`.
template <SumsOf which, int count>
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
#pragma unroll 4
    for (int w = 1; w < warps; ++w) sums[i] += load(&partial[i][w][lane % columns]);
  }
}

}  // namespace sparcell::kernels::linear
