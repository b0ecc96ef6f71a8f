// Sums over pairs of points by pairs of groups. Threads take bands of x; every band's sums are its own and
// are added in order.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "cpu/point_tiles.h"
#include "sparcell/core/parallel.h"

namespace sparcell::cpu {

constexpr std::int64_t band_rows = 64;  // of x; one unit of work

struct Band {
  std::int64_t first, last, group;
};

inline std::vector<Band> cut_bands(std::span<const std::int64_t> groups) {
  std::vector<Band> bands;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    for (std::int64_t first = groups[g]; first < groups[g + 1]; first += band_rows) {
      bands.push_back({first, std::min(first + band_rows, groups[g + 1]), static_cast<std::int64_t>(g)});
    }
  }
  return bands;
}

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

/// The first `count` lanes in four sums.
template <class T>
double sum_of_lanes(const T (&lanes)[tile_lanes<T>], std::int64_t count) {
  double sums[4] = {};
  for (std::int64_t lane = 0; lane < count; ++lane) sums[lane % 4] += static_cast<double>(lanes[lane]);
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// sums(g, h) = sum over the pairs of points of groups g and h of term(their squared distance). `term` takes
/// the lanes of a tile's row in place.
template <class T, class Term>
void sum_pairs(int threads, MatrixView<const T> x, MatrixView<const T> y,
               std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
               MatrixView<double> sums, Term&& term) {
  const std::vector<Band> bands = cut_bands(x_groups);
  const std::vector<GroupPack<T>> packs = pack(y, y_groups);
  Matrix<double> partial(static_cast<std::int64_t>(bands.size()), sums.cols);
  parallel_for(threads, partial.rows, 1, [&](std::int64_t b) {
    double* const band_sums = partial.view().row(b);
    for (const GroupPack<T>& p : packs) {
      double sum = 0;
      for (std::int64_t i = bands[b].first; i < bands[b].last; i += tile_rows) {
        const std::int64_t rows = std::min(tile_rows, bands[b].last - i);
        Tile<T> tile = squared_distances(x, i, rows, p.points);
        double tile_sum = 0;
        for (std::int64_t r = 0; r < rows; ++r) {
          term(tile.squares[r]);
          tile_sum += sum_of_lanes<T>(tile.squares[r], p.points.count);
        }
        sum += tile_sum;
      }
      band_sums[p.group] += sum;
    }
  });
  for (std::int64_t g = 0; g < sums.rows; ++g) std::fill_n(sums.row(g), sums.cols, 0.0);
  for (std::int64_t b = 0; b < partial.rows; ++b) {
    for (std::int64_t h = 0; h < sums.cols; ++h) sums(bands[b].group, h) += partial(b, h);
  }
}

}  // namespace sparcell::cpu
