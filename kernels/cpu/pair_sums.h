// Sums over pairs of points by pairs of groups. Threads take bands of x; every point's sums are its own and
// are added in order, so that bits do not depend on the number of threads.
#pragma once

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

#include "cpu/point_tiles.h"
#include "sparcell/core/parallel.h"

namespace sparcell::cpu {

constexpr std::int64_t band_rows = 64;  // of x; one unit of work, which stays in cache while y passes

template <class T>
struct GroupPack {
  PointPack<T> points;
  std::int64_t group;
};

template <class T>
std::vector<GroupPack<T>> pack(MatrixView<const T> y, std::span<const std::int64_t> groups) {
  std::vector<GroupPack<T>> packs;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    for (std::int64_t first = groups[g]; first < groups[g + 1]; first += tile_lanes<T>) {
      const std::int64_t count = std::min(tile_lanes<T>, groups[g + 1] - first);
      packs.push_back({pack_points(y, first, count), static_cast<std::int64_t>(g)});
    }
  }
  return packs;
}

/// The group of every point.
inline std::vector<std::int64_t> group_of_rows(std::span<const std::int64_t> groups) {
  std::vector<std::int64_t> of(static_cast<std::size_t>(groups.back()));
  for (std::size_t g = 0; g + 1 < groups.size(); ++g)
    std::fill(of.begin() + groups[g], of.begin() + groups[g + 1], static_cast<std::int64_t>(g));
  return of;
}

/// In place.
template <class T>
void take_roots(Tile<T>& tile) {
  T* const squares = tile.squares[0];
#pragma omp simd
  for (std::int64_t i = 0; i < tile_rows * tile_lanes<T>; ++i) squares[i] = math::square_root(squares[i]);
}

/// Sums of the points of a band over one group of y, in lanes that are added at its end.
template <class T>
struct BandSums {
  static constexpr std::int64_t lanes = 8;
  double sums[band_rows][lanes] = {};

  /// Of `rows` points from `first`, the terms with `count` points of y; the tile's other lanes become 0.
  void add(std::int64_t first, std::int64_t rows, std::int64_t count, Tile<T>& tile) {
    for (std::int64_t r = 0; r < rows; ++r) {
      T* const values = tile.squares[r];
      if (count < tile_lanes<T>) std::fill(values + count, values + tile_lanes<T>, T(0));
      for (std::int64_t from = 0; from < tile_lanes<T>; from += lanes) {
#pragma omp simd
        for (std::int64_t lane = 0; lane < lanes; ++lane)
          sums[first + r][lane] += static_cast<double>(values[from + lane]);
      }
    }
  }
  /// The sum of a row, which starts anew.
  double take(std::int64_t row) {
    double sum = 0;
    for (double& lane : sums[row]) sum += std::exchange(lane, 0.0);
    return sum;
  }
};

/// A set against itself, in the same groups.
template <class T>
bool is_symmetric(MatrixView<const T> x, MatrixView<const T> y, std::span<const std::int64_t> x_groups,
                  std::span<const std::int64_t> y_groups) {
  return x.data == y.data && x.rows == y.rows && x.stride == y.stride &&
         std::equal(x_groups.begin(), x_groups.end(), y_groups.begin(), y_groups.end());
}

/// Sums of groups of x from those of their points. `symmetric`: each pair of groups was met once.
inline void add_rows(const Matrix<double>& of_rows, std::span<const std::int64_t> group, bool symmetric,
                     MatrixView<double> sums) {
  for (std::int64_t g = 0; g < sums.rows; ++g) std::fill_n(sums.row(g), sums.cols, 0.0);
  for (std::int64_t i = 0; i < of_rows.rows; ++i) {
    for (std::int64_t h = symmetric ? group[i] : 0; h < sums.cols; ++h) sums(group[i], h) += of_rows(i, h);
  }
  for (std::int64_t g = 0; symmetric && g < sums.rows; ++g) {
    for (std::int64_t h = 0; h < g; ++h) sums(g, h) = sums(h, g);
  }
}

/// For every term, sums(g, h) = sum over the pairs of points of groups g and h of that term of their squared
/// distance. Every thread has terms of its own from make_terms(): terms(tile, others) turns a tile of squares
/// into the first term, in place, and writes the other ones. Of a set against itself, groups meet once.
template <class T, std::size_t terms_count, class MakeTerms>
void sum_pairs(int threads, MatrixView<const T> x, MatrixView<const T> y,
               std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
               const std::array<MatrixView<double>, terms_count>& sums, MakeTerms&& make_terms) {
  const std::vector<GroupPack<T>> packs = pack(y, y_groups);
  const std::vector<std::int64_t> group = group_of_rows(x_groups);
  const bool symmetric = is_symmetric(x, y, x_groups, y_groups);
  const std::int64_t bands = (x.rows + band_rows - 1) / band_rows, groups_of_y = sums[0].cols;
  std::array<Matrix<double>, terms_count> of_rows;
  of_rows.fill(Matrix<double>(x.rows, groups_of_y));
  parallel_for(threads, threads, 1, [&](std::int64_t part) {
    auto terms = make_terms();
    std::array<BandSums<T>, terms_count> band{};
    std::array<Tile<T>, terms_count - 1> others;
    for (std::int64_t b = part; b < bands; b += threads) {  // interleaved: a triangle's bands get shorter
      const std::int64_t begin = b * band_rows, end = std::min(begin + band_rows, x.rows);
      for (std::size_t p = 0; p < packs.size(); ++p) {
        const auto& [points, of_y] = packs[p];
        if (symmetric && of_y < group[begin]) continue;
        for (std::int64_t first = begin; first < end; first += tile_rows) {
          const std::int64_t rows = std::min(tile_rows, end - first);
          Tile<T> tile = squared_distances(x, TileRows::from(first, rows), points);
          terms(tile, others);
          band[0].add(first - begin, rows, points.count, tile);
          for (std::size_t t = 1; t < terms_count; ++t)
            band[t].add(first - begin, rows, points.count, others[t - 1]);
        }
        if (p + 1 < packs.size() && packs[p + 1].group == of_y) continue;
        for (std::size_t t = 0; t < terms_count; ++t) {
          for (std::int64_t i = begin; i < end; ++i) of_rows[t](i, of_y) = band[t].take(i - begin);
        }
      }
    }
  });
  for (std::size_t t = 0; t < terms_count; ++t) add_rows(of_rows[t], group, symmetric, sums[t]);
}

}  // namespace sparcell::cpu
