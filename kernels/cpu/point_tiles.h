// Squared distances of a few points of x to `lanes` points of y, whose coordinates are packed side by side:
// all of a tile stays in vector registers. Where the machine has AVX-512, eight points of x go side by side,
// so that additions need not wait for each other, else four; every pair's sum has one order, so bits are
// equal.
#pragma once

#include <immintrin.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <vector>

#include "math/elementary.h"
#include "sparcell/core/matrix.h"

namespace sparcell::cpu {

constexpr std::int64_t tile_rows = 8;
template <class T>
constexpr std::int64_t tile_lanes = 64 / sizeof(T);  // two 32-byte registers for each row of a tile

/// `count` points of y from `first`, coordinate by coordinate; missing lanes repeat the last point.
template <class T>
struct PointPack {
  std::vector<T> values;  ///< cols x tile_lanes
  std::int64_t first, count;
  T squares[tile_lanes<T>];  ///< |y|^2
};

template <class T>
PointPack<T> pack_points(MatrixView<const T> y, std::int64_t first, std::int64_t count) {
  PointPack<T> pack{std::vector<T>(static_cast<std::size_t>(y.cols * tile_lanes<T>)), first, count, {}};
  for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) {
    const T* const point = y.row(first + std::min(lane, count - 1));
    for (std::int64_t c = 0; c < y.cols; ++c) {
      pack.values[c * tile_lanes<T> + lane] = point[c];
      pack.squares[lane] = math::fma(point[c], point[c], pack.squares[lane]);
    }
  }
  return pack;
}

template <class T>
std::vector<PointPack<T>> pack_points(MatrixView<const T> y) {
  std::vector<PointPack<T>> packs;
  for (std::int64_t first = 0; first < y.rows; first += tile_lanes<T>)
    packs.push_back(pack_points(y, first, std::min(tile_lanes<T>, y.rows - first)));
  return packs;
}

template <class T>
struct Tile {
  alignas(64) T squares[tile_rows][tile_lanes<T>];
};

/// What is summed over coordinates: squares of differences, or products.
enum class PairTerm { squared_difference, product };

/// Rows [0, Rows) of a tile.
template <PairTerm term, std::int64_t Rows, class T>
inline void sum_terms(const T* const* points, std::int64_t cols, const T* packed, T (*sums)[tile_lanes<T>]) {
  for (std::int64_t c = 0; c < cols; ++c) {
    const T* const lanes = packed + c * tile_lanes<T>;
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < Rows; ++i) {
      const T coordinate = points[i][c];
#pragma omp simd
      for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) {
        const T difference = lanes[lane] - coordinate;
        sums[i][lane] = term == PairTerm::product ? math::fma(lanes[lane], coordinate, sums[i][lane])
                                                  : math::fma(difference, difference, sums[i][lane]);
      }
    }
  }
}

/// All rows of a tile of f32, whose lanes are one register.
template <PairTerm term>
__attribute__((target("arch=x86-64-v4"))) inline void sum_terms_wide(const float* const* points,
                                                                     std::int64_t cols, const float* packed,
                                                                     float (*sums)[tile_lanes<float>]) {
  __m512 wide[tile_rows];
  for (__m512& sum : wide) sum = _mm512_setzero_ps();
  for (std::int64_t c = 0; c < cols; ++c) {
    const __m512 lanes = _mm512_loadu_ps(packed + c * tile_lanes<float>);
#pragma GCC unroll 8
    for (std::int64_t i = 0; i < tile_rows; ++i) {
      const __m512 coordinate = _mm512_set1_ps(points[i][c]);
      const __m512 difference = _mm512_sub_ps(lanes, coordinate);
      wide[i] = term == PairTerm::product ? _mm512_fmadd_ps(lanes, coordinate, wide[i])
                                          : _mm512_fmadd_ps(difference, difference, wide[i]);
    }
  }
#pragma GCC unroll 8
  for (std::int64_t i = 0; i < tile_rows; ++i) _mm512_storeu_ps(sums[i], wide[i]);
}

/// Of `rows` <= tile_rows points of x from `first`; missing rows hold sums of the last point, or 0.
template <PairTerm term, class T>
Tile<T> sums_of_terms(MatrixView<const T> x, std::int64_t first, std::int64_t rows, const PointPack<T>& y) {
  static const bool wide = __builtin_cpu_supports("x86-64-v4") != 0;
  Tile<T> tile = {};
  const T* points[tile_rows];
  for (std::int64_t i = 0; i < tile_rows; ++i) points[i] = x.row(first + std::min(i, rows - 1));
  if constexpr (std::is_same_v<T, float>) {
    if (wide) {
      sum_terms_wide<term>(points, x.cols, y.values.data(), tile.squares);
      return tile;
    }
  }
  constexpr std::int64_t half = tile_rows / 2;
  sum_terms<term, half>(points, x.cols, y.values.data(), tile.squares);
  if (rows > half) sum_terms<term, half>(points + half, x.cols, y.values.data(), tile.squares + half);
  return tile;
}

template <class T>
Tile<T> squared_distances(MatrixView<const T> x, std::int64_t first, std::int64_t rows,
                          const PointPack<T>& y) {
  return sums_of_terms<PairTerm::squared_difference>(x, first, rows, y);
}

/// What squared distances are known from products: |x|^2 + |y|^2 - 2xy takes half the time of differences and
/// is wrong by at most `error` (|x|^2 + |y|^2), which decides most comparisons.
template <class T>
class Bounds {
 public:
  explicit Bounds(MatrixView<const T> x)
      : x_(x), error_((static_cast<T>(x.cols) + 8) * 2 * std::numeric_limits<T>::epsilon()) {
    for (std::int64_t i = 0; i < x.rows; ++i) {
      T square = 0;
      for (std::int64_t c = 0; c < x.cols; ++c) square = math::fma(x(i, c), x(i, c), square);
      squares_.push_back(square);
    }
  }

  /// Below every squared distance of a pack's points to those from `first`.
  Tile<T> below(std::int64_t first, std::int64_t rows, const PointPack<T>& y) const {
    Tile<T> tile = sums_of_terms<PairTerm::product>(x_, first, rows, y);
    for (std::int64_t i = 0; i < tile_rows; ++i) {
      const T own = squares_[first + std::min(i, rows - 1)];
#pragma omp simd
      for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) {
        const T both = own + y.squares[lane];
        tile.squares[i][lane] = both - 2 * tile.squares[i][lane] - error_ * both;
      }
    }
    return tile;
  }

 private:
  MatrixView<const T> x_;
  T error_;
  std::vector<T> squares_;
};

/// Whether a lane is below, or at, its limit.
template <class T>
bool any_within(const T (&lanes)[tile_lanes<T>], const T (&limits)[tile_lanes<T>]) {
  int within = 0;
#pragma omp simd reduction(| : within)
  for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) within |= lanes[lane] <= limits[lane] ? 1 : 0;
  return within != 0;
}

}  // namespace sparcell::cpu
