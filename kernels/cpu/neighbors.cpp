// Threads take tiles of x and pass over all of y. A row's nearest points so far lie in a sorted list, whose
// last is what a new point has to beat. Bounds from products show of most tiles that none does; distances of
// the others are computed from differences, so that answers are exact.
#include "sparcell/ops/neighbors.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "cpu/point_tiles.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

using cpu::Bounds, cpu::PointPack, cpu::Tile, cpu::tile_lanes, cpu::tile_rows;

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

/// The points of a pack with bounds on squared distances: what is above one is outside of its ball, though
/// roundings of the root and of the radius' square differ.
template <class T>
struct BallPack {
  PointPack<T> points;
  T squares[tile_lanes<T>];
};

template <class T>
std::vector<BallPack<T>> pack_balls(MatrixView<const T> y, std::span<const T> radii) {
  const T slack = 1 + 8 * std::numeric_limits<T>::epsilon();
  std::vector<BallPack<T>> packs;
  for (PointPack<T>& points : cpu::pack_points(y)) {
    BallPack<T> pack{std::move(points), {}};
    for (std::int64_t lane = 0; lane < tile_lanes<T>; ++lane) {
      const T radius = lane < pack.points.count ? radii[pack.points.first + lane] : T(-1);
      pack.squares[lane] = radius < 0 ? T(-1) : radius * radius * slack;
    }
    packs.push_back(std::move(pack));
  }
  return packs;
}

}  // namespace

template <class T>
void cpu::nearest_neighbors(Context& context, MatrixView<const T> x, MatrixView<const T> y, bool skip_own_row,
                            MatrixView<T> distances, MatrixView<std::int32_t> indices) {
  const std::vector<PointPack<T>> packs = pack_points(y);
  const Bounds<T> bounds(x);
  const std::int64_t k = distances.cols;
  parallel_for(context.threads(), (x.rows + tile_rows - 1) / tile_rows, 1, [&](std::int64_t t) {
    const std::int64_t first = t * tile_rows, rows = std::min(tile_rows, x.rows - first);
    for (std::int64_t r = first; r < first + rows; ++r)
      std::fill_n(distances.row(r), k, std::numeric_limits<T>::infinity());
    for (const PointPack<T>& pack : packs) {
      const Tile<T> bound = bounds.below(first, rows, pack);
      bool any = false;
      for (std::int64_t r = 0; r < rows; ++r)
        any = any || any_below<T>(bound.squares[r], distances(first + r, k - 1));
      if (!any) continue;
      const Tile<T> tile = squared_distances(x, first, rows, pack);
      for (std::int64_t r = 0; r < rows; ++r) {
        const Nearest<T> nearest{distances.row(first + r), indices.row(first + r), k};
        if (!any_below<T>(tile.squares[r], nearest.squares[k - 1])) continue;
        for (std::int64_t lane = 0; lane < pack.count; ++lane) {
          const std::int64_t index = pack.first + lane;
          if (skip_own_row && index == first + r) continue;
          if (tile.squares[r][lane] < nearest.squares[k - 1]) nearest.insert(tile.squares[r][lane], index);
        }
      }
    }
    for (std::int64_t r = first; r < first + rows; ++r) {
      for (std::int64_t j = 0; j < k; ++j) distances(r, j) = math::square_root(distances(r, j));
    }
  });
}
SPARCELL_INSTANTIATE(cpu::nearest_neighbors);

template <class T>
void cpu::inside_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                       std::span<const T> radii, std::span<std::int32_t> inside) {
  const std::vector<BallPack<T>> packs = pack_balls(y, radii);
  const Bounds<T> bounds(x);
  parallel_for(context.threads(), (x.rows + tile_rows - 1) / tile_rows, 1, [&](std::int64_t t) {
    const std::int64_t first = t * tile_rows, rows = std::min(tile_rows, x.rows - first);
    std::fill_n(inside.data() + first, rows, 0);
    const auto may_be_inside = [&](const Tile<T>& tile, const BallPack<T>& pack, std::int64_t r) {
      return inside[first + r] == 0 && any_within<T>(tile.squares[r], pack.squares);
    };
    for (const BallPack<T>& pack : packs) {
      const Tile<T> bound = bounds.below(first, rows, pack.points);
      bool any = false;
      for (std::int64_t r = 0; r < rows; ++r) any = any || may_be_inside(bound, pack, r);
      if (!any) continue;
      const Tile<T> tile = squared_distances(x, first, rows, pack.points);
      std::int64_t found = 0;
      for (std::int64_t r = 0; r < rows; ++r) {
        for (std::int64_t lane = 0; may_be_inside(tile, pack, r) && lane < pack.points.count; ++lane) {
          if (math::square_root(tile.squares[r][lane]) <= radii[pack.points.first + lane])
            inside[first + r] = 1;
        }
        found += inside[first + r];
      }
      if (found == rows) break;
    }
  });
}
SPARCELL_INSTANTIATE(cpu::inside_balls);

}  // namespace sparcell
