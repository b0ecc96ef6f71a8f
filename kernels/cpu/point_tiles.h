// Squared distances of a few points of x to `lanes` points of y, whose coordinates are packed side by side:
// all of a tile stays in vector registers.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "math/elementary.h"
#include "sparcell/core/matrix.h"
#include "sparcell/core/parallel.h"

namespace sparcell::cpu {

constexpr std::int64_t tile_rows = 4;
template <class T>
constexpr std::int64_t tile_lanes = 64 / sizeof(T);  // two 32-byte registers for each row of a tile

/// `count` points of y from `first`, coordinate by coordinate; missing lanes repeat the last point.
template <class T>
struct PointPack {
  std::vector<T> values;  ///< cols x tile_lanes
  std::int64_t first = 0, count = 0;
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
std::vector<PointPack<T>> pack_points(int threads, MatrixView<const T> y) {
  const std::int64_t count = (y.rows + tile_lanes<T> - 1) / tile_lanes<T>;
  std::vector<PointPack<T>> packs(static_cast<std::size_t>(count));
  parallel_for(threads, count, 16, [&](std::int64_t p) {
    const std::int64_t first = p * tile_lanes<T>;
    packs[p] = pack_points(y, first, std::min(tile_lanes<T>, y.rows - first));
  });
  return packs;
}

template <class T>
struct Tile {
  alignas(64) T squares[tile_rows][tile_lanes<T>];
};

/// The points of x in a tile; missing ones repeat the last.
struct TileRows {
  std::int64_t of[tile_rows];
  std::int64_t count;

  static TileRows from(std::int64_t first, std::int64_t count) {
    TileRows rows{{}, count};
    for (std::int64_t i = 0; i < tile_rows; ++i) rows.of[i] = first + std::min(i, count - 1);
    return rows;
  }
  static TileRows of_list(const std::int64_t* list, std::int64_t count) {
    TileRows rows{{}, count};
    for (std::int64_t i = 0; i < tile_rows; ++i) rows.of[i] = list[std::min(i, count - 1)];
    return rows;
  }
};

/// add(add(0, y, x), y', x') ... over the coordinates of a pack and of points of x. A tile that is zeroed
/// first would go through memory.
template <class T, class Add>
[[gnu::always_inline]] inline Tile<T> over_coordinates(MatrixView<const T> x, const TileRows& rows,
                                                       const PointPack<T>& y, Add&& add) {
  Tile<T> tile;
  const T* points[tile_rows];
  for (std::int64_t i = 0; i < tile_rows; ++i) points[i] = x.row(rows.of[i]);
  if (x.cols == 0) std::fill_n(tile.squares[0], tile_rows * tile_lanes<T>, T(0));
  for (std::int64_t i = 0; i < tile_rows && x.cols > 0; ++i) {
    const T coordinate = points[i][0];
#pragma omp simd
    for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane)
      tile.squares[i][lane] = add(T(0), y.values[lane], coordinate);
  }
  for (std::int64_t c = 1; c < x.cols; ++c) {
    const T* const packed = y.values.data() + c * tile_lanes<T>;
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < tile_rows; ++i) {
      const T coordinate = points[i][c];
#pragma omp simd
      for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane)
        tile.squares[i][lane] = add(tile.squares[i][lane], packed[lane], coordinate);
    }
  }
  return tile;
}

template <class T>
[[gnu::always_inline]] inline Tile<T> squared_distances(MatrixView<const T> x, const TileRows& rows,
                                                        const PointPack<T>& y) {
  return over_coordinates(x, rows, y, [](T sum, T of_y, T of_x) {
    const T difference = of_y - of_x;
    return math::fma(difference, difference, sum);
  });
}

/// What squared distances are known from products: |x|^2 + |y|^2 - 2xy takes half the time of differences and
/// is wrong by at most `error` (|x|^2 + |y|^2), which decides most comparisons.
template <class T>
class Bounds {
 public:
  Bounds(int threads, MatrixView<const T> x)
      : x_(x),
        error_((static_cast<T>(x.cols) + 8) * 2 * std::numeric_limits<T>::epsilon()),
        squares_(static_cast<std::size_t>(x.rows)) {
    parallel_for(threads, x.rows, 256, [&](std::int64_t i) {
      for (std::int64_t c = 0; c < x.cols; ++c) squares_[i] = math::fma(x(i, c), x(i, c), squares_[i]);
    });
  }

  /// Below every squared distance of a pack's points to those of x.
  Tile<T> below(const TileRows& rows, const PointPack<T>& y) const {
    Tile<T> tile =
        over_coordinates(x_, rows, y, [](T sum, T of_y, T of_x) { return math::fma(of_y, of_x, sum); });
    for (std::int64_t i = 0; i < tile_rows; ++i) {
      const T own = squares_[rows.of[i]];
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
template <class T>
bool any_within(const T (&lanes)[tile_lanes<T>], T limit) {
  int within = 0;
#pragma omp simd reduction(| : within)
  for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) within |= lanes[lane] <= limit ? 1 : 0;
  return within != 0;
}

}  // namespace sparcell::cpu
