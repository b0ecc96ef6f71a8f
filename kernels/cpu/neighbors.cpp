// Threads take bands of x, which stay in cache while all of y passes. A row's nearest points so far lie in a
// sorted list, whose last is what a new point has to beat. Bounds from products show of most tiles that none
// does; distances of the others are computed from differences, so that answers are exact. Of balls, points
// for which one was found are through.
#include "sparcell/ops/neighbors.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "cpu/point_tiles.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

using cpu::Bounds, cpu::PointPack, cpu::Tile, cpu::TileRows, cpu::tile_lanes, cpu::tile_rows;

constexpr std::int64_t band = 64;         // points of x that meet the packs of y together
constexpr std::size_t packs_at_once = 8;  // of y, between looks at whose ball is found

template <class T>
struct Nearest {
  T* squares;  ///< ascending
  std::int32_t* indices;
  std::int64_t count;

  void insert(T square, std::int64_t index) const {
    std::int64_t place = count - 1;
    for (; place > 0 && squares[place - 1] > square; --place) {
      squares[place] = squares[place - 1];
      indices[place] = indices[place - 1];
    }
    squares[place] = square;
    indices[place] = static_cast<std::int32_t>(index);
  }
};

template <class T>
bool any_below(const T (&lanes)[tile_lanes<T>], T limit) {
  int below = 0;
#pragma omp simd reduction(| : below)
  for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) below |= lanes[lane] < limit ? 1 : 0;
  return below != 0;
}

/// A bound on squared distances: what is above is outside of a ball, though roundings of the root and of the
/// radius' square differ.
template <class T>
T outside(T radius) {
  return radius * radius * (1 + 8 * std::numeric_limits<T>::epsilon());
}

/// Of every ball of a pack; nothing lies in the lanes behind its last.
template <class T>
struct Limits {
  T squares[tile_lanes<T>];
};

template <class T>
std::vector<Limits<T>> limits_of(const std::vector<PointPack<T>>& packs, std::span<const T> radii) {
  std::vector<Limits<T>> limits;
  for (const PointPack<T>& pack : packs) {
    limits.emplace_back();
    for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane)
      limits.back().squares[lane] = lane < pack.count ? outside(radii[pack.first + lane]) : T(-1);
  }
  return limits;
}

/// found[i] = 1 where is_within(distance, i, j) of a point y_j. may_be(squares, i, p) says of lower bounds or
/// of the squares themselves whether a point of pack p may be. Threads take bands of x; of a band those that
/// are not yet found meet the next packs, in full tiles.
template <class T, class MayBe, class IsWithin>
void find_any(Context& context, MatrixView<const T> x, const std::vector<PointPack<T>>& packs,
              std::span<std::int32_t> found, MayBe&& may_be, IsWithin&& is_within) {
  const Bounds<T> bounds(context.threads(), x);
  const auto meet = [&](const TileRows& rows, std::size_t p) {
    const auto look = [&](const Tile<T>& tile, std::int64_t r) {
      return found[rows.of[r]] == 0 && may_be(tile.squares[r], rows.of[r], p);
    };
    const Tile<T> bound = bounds.below(rows, packs[p]);
    bool any = false;
    for (std::int64_t r = 0; r < rows.count; ++r) any = any || look(bound, r);
    if (!any) return;
    const Tile<T> tile = squared_distances(x, rows, packs[p]);
    for (std::int64_t r = 0; r < rows.count; ++r) {
      for (std::int64_t lane = 0; look(tile, r) && lane < packs[p].count; ++lane) {
        const T distance = math::square_root(tile.squares[r][lane]);
        if (is_within(distance, rows.of[r], packs[p].first + lane)) found[rows.of[r]] = 1;
      }
    }
  };
  parallel_for(context.threads(), (x.rows + band - 1) / band, 1, [&](std::int64_t b) {
    std::vector<std::int64_t> open;
    for (std::int64_t i = b * band; i < std::min(b * band + band, x.rows); ++i) {
      open.push_back(i);
      found[i] = 0;
    }
    for (std::size_t p = 0; p < packs.size() && !open.empty(); p += packs_at_once) {
      for (std::size_t at = 0; at < open.size(); at += tile_rows) {
        const auto left = static_cast<std::int64_t>(open.size() - at);
        const TileRows rows = TileRows::of_list(&open[at], std::min(tile_rows, left));
        for (std::size_t k = p; k < std::min(p + packs_at_once, packs.size()); ++k) meet(rows, k);
      }
      std::erase_if(open, [&](std::int64_t i) { return found[i] != 0; });
    }
  });
}

}  // namespace

template <class T>
void cpu::nearest_neighbors(Context& context, MatrixView<const T> x, MatrixView<const T> y, bool skip_own_row,
                            MatrixView<T> distances, MatrixView<std::int32_t> indices) {
  const std::vector<PointPack<T>> packs = pack_points(context.threads(), y);
  const Bounds<T> bounds(context.threads(), x);
  const std::int64_t k = distances.cols;
  const auto meet = [&](const TileRows& rows, const PointPack<T>& pack) {
    const Tile<T> bound = bounds.below(rows, pack);
    bool any = false;
    for (std::int64_t r = 0; r < rows.count; ++r)
      any = any || any_below<T>(bound.squares[r], distances(rows.of[r], k - 1));
    if (!any) return;
    const Tile<T> tile = squared_distances(x, rows, pack);
    for (std::int64_t r = 0; r < rows.count; ++r) {
      const std::int64_t row = rows.of[r];
      const Nearest<T> nearest{distances.row(row), indices.row(row), k};
      if (!any_below<T>(tile.squares[r], nearest.squares[k - 1])) continue;
      for (std::int64_t lane = 0; lane < pack.count; ++lane) {
        const std::int64_t index = pack.first + lane;
        if (skip_own_row && index == row) continue;
        if (tile.squares[r][lane] < nearest.squares[k - 1]) nearest.insert(tile.squares[r][lane], index);
      }
    }
  };
  parallel_for(context.threads(), (x.rows + band - 1) / band, 1, [&](std::int64_t b) {
    const std::int64_t begin = b * band, end = std::min(begin + band, x.rows);
    for (std::int64_t r = begin; r < end; ++r)
      std::fill_n(distances.row(r), k, std::numeric_limits<T>::infinity());
    for (const PointPack<T>& pack : packs) {
      for (std::int64_t first = begin; first < end; first += tile_rows)
        meet(TileRows::from(first, std::min(tile_rows, end - first)), pack);
    }
    for (std::int64_t r = begin; r < end; ++r) {
      for (std::int64_t j = 0; j < k; ++j) distances(r, j) = math::square_root(distances(r, j));
    }
  });
}
SPARCELL_INSTANTIATE(cpu::nearest_neighbors);

template <class T>
void cpu::inside_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                       std::span<const T> radii, std::span<std::int32_t> inside) {
  const std::vector<PointPack<T>> packs = pack_points(context.threads(), y);
  const std::vector<Limits<T>> limits = limits_of(packs, radii);
  find_any(
      context, x, packs, inside,
      [&](const T(&squares)[tile_lanes<T>], std::int64_t, std::size_t p) {
        return any_within<T>(squares, limits[p].squares);
      },
      [&](T distance, std::int64_t, std::int64_t j) { return distance <= radii[j]; });
}
SPARCELL_INSTANTIATE(cpu::inside_balls);

template <class T>
void cpu::occupied_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                         std::span<const T> radii, std::span<std::int32_t> occupied) {
  find_any(
      context, x, pack_points(context.threads(), y), occupied,
      [&](const T(&squares)[tile_lanes<T>], std::int64_t i, std::size_t) {
        return any_within<T>(squares, outside(radii[i]));
      },
      [&](T distance, std::int64_t i, std::int64_t) { return distance <= radii[i]; });
}
SPARCELL_INSTANTIATE(cpu::occupied_balls);

}  // namespace sparcell
