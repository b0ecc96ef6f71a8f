// The product that a slab of a layer needs: a block takes four neighbouring features and all rows of the
// batch, and every thread ends with one number for each of its rows. So sums over the batch stay within a
// block, and what follows a product follows in registers.
//
// The sixteen lanes that share a row read 256 neighbouring bytes of it and add up four products each for
// every feature and every 64 terms; two such groups lie in a warp, each with four rows, so that a weight that
// comes out of shared memory is used four times. At the end the lanes trade sums, until each has that of one
// row and feature.
#pragma once

#include "device/reduce.h"
#include "device/rows.h"
#include "device/shared.h"
#include "device/slab.h"
#include "math/elementary.h"
#include "sparcell/core/matrix.h"

namespace sparcell::kernels::linear {

using device::Four, device::load, device::store, device::warp_size;

constexpr int threads = 512;  // at most; fewer for fewer rows
constexpr int blocks = 1;     // at least, on a multiprocessor: of half the threads two
constexpr int columns = device::own_columns;
constexpr int row_lanes = 16;
constexpr int group_rows = row_lanes / columns;  // as many sums as lanes
constexpr int warp_rows = warp_size / row_lanes * group_rows;
constexpr int most_tile_rows = threads / warp_size * warp_rows;
constexpr int most_warps = threads / warp_size;

/// Terms of a sum, in whole vectors.
__host__ __device__ inline int padded(std::int64_t terms) {
  return static_cast<int>((terms + columns - 1) / columns) * columns;
}

/// The calling thread's place: its feature, and its row of the first tile.
struct Place {
  int row, group;  ///< of a tile: its own, and the first of those that it adds up for
  int tile_rows;
  std::int64_t column;

  __device__ __forceinline__ Place() {
    const int lane = static_cast<int>(threadIdx.x) % warp_size,
              warp = static_cast<int>(threadIdx.x) / warp_size;
    group = warp * warp_rows + lane / row_lanes * group_rows;
    row = group + lane / columns % group_rows;
    tile_rows = static_cast<int>(blockDim.x) / warp_size * warp_rows;
    column = static_cast<std::int64_t>(blockIdx.x) * columns + lane % columns;
  }
};

/// The share that the calling block takes of a product's terms, where its grid cuts them into gridDim.y
/// parts.
struct Part {
  int first, count;

  __device__ __forceinline__ explicit Part(std::int64_t terms) : first(0), count(static_cast<int>(terms)) {
    if (gridDim.y == 1) return;  // addresses wait for no division
    first = begin(blockIdx.y, terms);
    count = (blockIdx.y + 1 == gridDim.y ? count : begin(blockIdx.y + 1, terms)) - first;
  }
  __device__ __forceinline__ void take_columns(MatrixView<const float>& of) const {
    of.data += first;
    of.cols = count;
  }
  __device__ __forceinline__ void take_rows(MatrixView<const float>& of) const {
    of.data += first * of.stride;
    of.rows = count;
  }

 private:
  __device__ __forceinline__ static int begin(unsigned part, std::int64_t terms) {
    constexpr int line = 128 / sizeof(float);  // of memory
    return static_cast<int>(terms) * static_cast<int>(part) / static_cast<int>(gridDim.y) / line * line;
  }
};

/// What the parts of a product have for the thread's rows becomes their sum, in the order of parts, in that
/// block of a slab which comes last: true there. The others are done. `partial` has room for a number of
/// every thread, item and block. All threads call it.
template <int items>
__device__ __forceinline__ bool add_parts(float (&product)[items], float* partial, unsigned* tickets) {
  if (gridDim.y == 1) return true;
  const std::int64_t of_block = static_cast<std::int64_t>(items) * blockDim.x;
  float* const of_slab = partial + blockIdx.x * gridDim.y * of_block + threadIdx.x;
#pragma unroll
  for (int i = 0; i < items; ++i) store(of_slab + blockIdx.y * of_block + i * blockDim.x, product[i]);
  if (!device::is_last_of(gridDim.y, tickets + blockIdx.x)) return false;
#pragma unroll
  for (int i = 0; i < items; ++i) {
    product[i] = load(of_slab + i * blockDim.x);
#pragma unroll 4
    for (unsigned part = 1; part < gridDim.y; ++part)
      product[i] += load(of_slab + part * of_block + i * blockDim.x);
  }
  return true;
}

/// A sum over two lanes whose numbers differ by the bit `distance`: of `low` for the lane without it, of
/// `high` for the other.
__device__ __forceinline__ float traded(float low, float high, int distance) {
  const bool upper = (threadIdx.x & static_cast<unsigned>(distance)) != 0;
  return (upper ? high : low) + device::shuffle_xor(upper ? low : high, distance);
}

/// What the lanes of a row have added up for their rows and four features, as the sum of the thread's row and
/// feature. All lanes of a warp call it.
__device__ __forceinline__ float own_sum(const float (&sum)[group_rows][columns]) {
  static_assert(group_rows == 4 && columns == 4);
  float of_two[2][columns], of_row[columns], of_half[2];
#pragma unroll
  for (int c = 0; c < columns; ++c) {
    of_two[0][c] = traded(sum[0][c], sum[2][c], 8);
    of_two[1][c] = traded(sum[1][c], sum[3][c], 8);
  }
#pragma unroll
  for (int c = 0; c < columns; ++c) of_row[c] = traded(of_two[0][c], of_two[1][c], 4);
#pragma unroll
  for (int c = 0; c < 2; ++c) of_half[c] = traded(of_row[c], of_row[c + 2], 2);
  return traded(of_half[0], of_half[1], 1);
}

/// The thread's part of its group's rows: 256 bytes of a row are one round of its lanes.
template <int width, int items>
class Rows {
 public:
  static constexpr int round_terms = row_lanes * columns;
  /// Rounds that are on their way at once; one less where ptxas wants more registers for the same code, and would spill.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 1200
  static constexpr int ahead = width == 1 || items == 2 ? 1 : 2;
#else
  static constexpr int ahead = width == 1 || items == 2 ? 2 : 3;
#endif
  struct Round {
    Four x[group_rows];
  };
  struct Rounds {
    Round round[ahead];
  };

  /// Rows beyond the last are read as the last one.
  __device__ __forceinline__ Rows(const Place& place, const MatrixView<const float>& input,
                                  std::int64_t first_row)
      : first_(input.data),
        terms_(static_cast<int>(input.cols)),
        begin_(static_cast<int>(threadIdx.x) % row_lanes * columns) {
#pragma unroll
    for (int i = 0; i < group_rows; ++i) {
      const std::int64_t r = first_row + place.group + i;
      row_[i] = static_cast<int>((r < input.rows ? r : input.rows - 1) * input.stride) + begin_;
    }
  }
  __device__ __forceinline__ int rounds() const { return (terms_ + round_terms - 1) / round_terms; }
  __device__ __forceinline__ int term(int round) const { return begin_ + round * round_terms; }
  /// Zeros behind the last term.
  __device__ __forceinline__ Round fetch(int round) const {
    const int k = term(round), left = terms_ - k, count = left < columns ? (left < 0 ? 0 : left) : columns;
    Round out;
#pragma unroll
    for (int i = 0; i < group_rows; ++i)
      out.x[i] = device::load_part<width, columns>(first_ + (row_[i] + round * round_terms), count);
    return out;
  }
  __device__ __forceinline__ Rounds fetch_first() const {
    Rounds out;
#pragma unroll
    for (int u = 0; u < ahead; ++u) out.round[u] = fetch(u);
    return out;
  }

 private:
  const float* first_;
  int row_[group_rows];  ///< where the lane's first terms are: 32 bits, for want of registers
  int terms_, begin_;
};

/// The product of the thread's row with its feature; `rounds` are the first ones, which were fetched before a
/// barrier. All lanes of a warp call it.
template <class Rows>
__device__ __forceinline__ float product(const Rows& rows, typename Rows::Rounds rounds, int stride,
                                         const float* staged) {
  constexpr int ahead = Rows::ahead;
  float sum[group_rows][columns] = {};
#pragma unroll 1
  for (int first = 0; first < rows.rounds(); first += ahead) {
#pragma unroll
    for (int u = 0; u < ahead; ++u) {
      const int k = rows.term(first + u);
      if (k < stride) {
#pragma unroll
        for (int c = 0; c < columns; ++c) {
          const Four w = device::load_vector<columns>(staged + c * stride + k);
#pragma unroll
          for (int i = 0; i < group_rows; ++i) {
#pragma unroll
            for (int j = 0; j < columns; ++j) sum[i][c] = math::fma(rounds.round[u].x[i][j], w[j], sum[i][c]);
          }
        }
      }
      rounds.round[u] = rows.fetch(first + u + ahead);
    }
  }
  return own_sum(sum);
}

/// The entries of the thread's group of cells. Cells beyond the last are read as the last one.
struct Cells {
  const std::int32_t* genes[group_rows];
  const float* values[group_rows];
  int count[group_rows];

  __device__ __forceinline__ Cells(const Place& place, const CsrView<const float>& x, const BatchRows& rows,
                                   std::int64_t first_row) {
#pragma unroll
    for (int i = 0; i < group_rows; ++i) {
      const std::int64_t r = first_row + place.group + i,
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
  float sum[group_rows][columns] = {};
  int most = 0;
#pragma unroll
  for (int i = 0; i < group_rows; ++i) most = cells.count[i] > most ? cells.count[i] : most;
#pragma unroll 1
  for (int first = static_cast<int>(threadIdx.x) % row_lanes; first < most; first += ahead * row_lanes) {
    std::int32_t gene[group_rows][ahead];
    float value[group_rows][ahead];
#pragma unroll
    for (int i = 0; i < group_rows; ++i) {
      const std::int32_t* const genes = cells.genes[i] + first;
      const float* const values = cells.values[i] + first;
      const int left = cells.count[i] - first;
#pragma unroll
      for (int u = 0; u < ahead; ++u) {
        const bool there = u * row_lanes < left;
        gene[i][u] = there ? load(genes + u * row_lanes) : 0;
        value[i][u] = there ? load(values + u * row_lanes) : 0;
      }
    }
#pragma unroll
    for (int i = 0; i < group_rows; ++i) {
#pragma unroll
      for (int u = 0; u < ahead; ++u) {
        const Four w = load(staged + gene[i][u]);
#pragma unroll
        for (int c = 0; c < columns; ++c) sum[i][c] = math::fma(value[i][u], w[c], sum[i][c]);
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
    float of_warps[most_warps];  // read together: no addition waits for the next one's number
#pragma unroll
    for (int w = 0; w < most_warps; ++w) of_warps[w] = w < warps ? load(&partial[i][w][lane % columns]) : 0;
    sums[i] = of_warps[0];
#pragma unroll
    for (int w = 1; w < most_warps; ++w) sums[i] += of_warps[w];
  }
}

}  // namespace sparcell::kernels::linear
