// Sums over pairs of points by pairs of groups. Threads take bands of x; every point's sums are its own and
// are added in order, so that bits do not depend on the number of threads.
#pragma once

#include <algorithm>
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

/// Sums of the points of a band over one group of y, in lanes that are added at its end.
template <class T>
struct BandSums {
  static constexpr std::int64_t lanes = 8;
  double sums[band_rows][lanes] = {};

  void add(std::int64_t row, const T (&values)[tile_lanes<T>]) {
    for (std::int64_t from = 0; from < tile_lanes<T>; from += lanes) {
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane)
        sums[row][lane] += static_cast<double>(values[from + lane]);
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

/// sums(g, h) = sum over the pairs of points of groups g and h of a term of their squared distance. Every
/// thread has a term of its own from make_term(), which takes the squares of a tile in place. Of a set
/// against itself, groups meet once.
template <class T, class MakeTerm>
void sum_pairs(int threads, MatrixView<const T> x, MatrixView<const T> y,
               std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
               MatrixView<double> sums, MakeTerm&& make_term) {
  const std::vector<GroupPack<T>> packs = pack(y, y_groups);
  const std::vector<std::int64_t> group = group_of_rows(x_groups);
  const bool symmetric = is_symmetric(x, y, x_groups, y_groups);
  const std::int64_t bands = (x.rows + band_rows - 1) / band_rows;
  Matrix<double> of_rows(x.rows, sums.cols);
  parallel_for(threads, threads, 1, [&](std::int64_t part) {
    auto term = make_term();
    BandSums<T> band;
    for (std::int64_t b = part; b < bands; b += threads) {  // interleaved: a triangle's bands get shorter
      const std::int64_t begin = b * band_rows, end = std::min(begin + band_rows, x.rows);
      for (std::size_t p = 0; p < packs.size(); ++p) {
        const auto& [points, of_y] = packs[p];
        if (symmetric && of_y < group[begin]) continue;
        for (std::int64_t first = begin; first < end; first += tile_rows) {
          const std::int64_t rows = std::min(tile_rows, end - first);
          Tile<T> tile = squared_distances(x, first, rows, points);
          term(tile);
          for (std::int64_t r = 0; r < rows; ++r) {
            std::fill(tile.squares[r] + points.count, tile.squares[r] + tile_lanes<T>, T(0));
            band.add(first - begin + r, tile.squares[r]);
          }
        }
        if (p + 1 < packs.size() && packs[p + 1].group == of_y) continue;
        for (std::int64_t i = begin; i < end; ++i) of_rows(i, of_y) = band.take(i - begin);
      }
    }
  });
  for (std::int64_t g = 0; g < sums.rows; ++g) std::fill_n(sums.row(g), sums.cols, 0.0);
  for (std::int64_t i = 0; i < x.rows; ++i) {
    for (std::int64_t h = symmetric ? group[i] : 0; h < sums.cols; ++h) sums(group[i], h) += of_rows(i, h);
  }
  for (std::int64_t g = 0; symmetric && g < sums.rows; ++g) {
    for (std::int64_t h = 0; h < g; ++h) sums(g, h) = sums(h, g);
  }
}

}  // namespace sparcell::cpu
