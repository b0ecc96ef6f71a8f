// Tiles of a few points of x against `lanes` points of y, whose coordinates are packed side by side: all
// distances of a tile stay in vector registers. Threads take bands of x; every band's sums are its own and
// are added in order.
#include "sparcell/ops/pairwise.h"

#include <algorithm>
#include <cmath>

#include "math/elementary.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t band_rows = 64;  // of x; one unit of work
constexpr std::int64_t tile_rows = 4;
template <class T>
constexpr std::int64_t lanes = 64 / sizeof(T);  // two 32-byte registers for each row of a tile

struct Band {
  std::int64_t first, last, group;
};

std::vector<Band> cut_bands(std::span<const std::int64_t> groups) {
  std::vector<Band> bands;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    for (std::int64_t first = groups[g]; first < groups[g + 1]; first += band_rows) {
      bands.push_back({first, std::min(first + band_rows, groups[g + 1]), static_cast<std::int64_t>(g)});
    }
  }
  return bands;
}

/// `count` points of one group, coordinate by coordinate; missing lanes repeat the last point and are not
/// summed.
template <class T>
struct Pack {
  std::vector<T> values;  ///< cols x lanes
  std::int64_t count, group;
};

template <class T>
std::vector<Pack<T>> pack(MatrixView<const T> y, std::span<const std::int64_t> groups) {
  std::vector<Pack<T>> packs;
  for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
    for (std::int64_t first = groups[g]; first < groups[g + 1]; first += lanes<T>) {
      Pack<T> p{std::vector<T>(static_cast<std::size_t>(y.cols * lanes<T>)),
                std::min(lanes<T>, groups[g + 1] - first), static_cast<std::int64_t>(g)};
      for (std::int64_t lane = 0; lane < lanes<T>; ++lane) {
        const T* const point = y.row(first + std::min(lane, p.count - 1));
        for (std::int64_t c = 0; c < y.cols; ++c) p.values[c * lanes<T> + lane] = point[c];
      }
      packs.push_back(std::move(p));
    }
  }
  return packs;
}

/// Sum of the distances between `rows` <= tile_rows points of x from `first` and the points of a pack.
template <class T>
double tile_sum(MatrixView<const T> x, std::int64_t first, std::int64_t rows, const Pack<T>& y) {
  T squares[tile_rows][lanes<T>] = {};
  const T* points[tile_rows];
  for (std::int64_t i = 0; i < tile_rows; ++i) points[i] = x.row(first + std::min(i, rows - 1));
  for (std::int64_t c = 0; c < x.cols; ++c) {
    const T* const packed = y.values.data() + c * lanes<T>;
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < tile_rows; ++i) {
      const T coordinate = points[i][c];
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes<T>; ++lane) {
        const T difference = packed[lane] - coordinate;
        squares[i][lane] = math::fma(difference, difference, squares[i][lane]);
      }
    }
  }
  double sum = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    T distances[lanes<T>];
    for (std::int64_t lane = 0; lane < lanes<T>; ++lane)
      distances[lane] = math::square_root(squares[i][lane]);
    double row[4] = {};
    for (std::int64_t lane = 0; lane < y.count; ++lane) row[lane % 4] += static_cast<double>(distances[lane]);
    sum += (row[0] + row[1]) + (row[2] + row[3]);
  }
  return sum;
}

}  // namespace

template <class T>
void cpu::pairwise_distance_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                                 std::span<const std::int64_t> x_groups,
                                 std::span<const std::int64_t> y_groups, MatrixView<double> sums) {
  const std::vector<Band> bands = cut_bands(x_groups);
  const std::vector<Pack<T>> packs = pack(y, y_groups);
  Matrix<double> partial(static_cast<std::int64_t>(bands.size()), sums.cols);
  parallel_for(context.threads(), partial.rows, 1, [&](std::int64_t b) {
    double* const band_sums = partial.view().row(b);
    for (const Pack<T>& p : packs) {
      double sum = 0;
      for (std::int64_t i = bands[b].first; i < bands[b].last; i += tile_rows) {
        sum += tile_sum(x, i, std::min(tile_rows, bands[b].last - i), p);
      }
      band_sums[p.group] += sum;
    }
  });
  for (std::int64_t g = 0; g < sums.rows; ++g) std::fill_n(sums.row(g), sums.cols, 0.0);
  for (std::int64_t b = 0; b < partial.rows; ++b) {
    for (std::int64_t h = 0; h < sums.cols; ++h) sums(bands[b].group, h) += partial(b, h);
  }
}
SPARCELL_INSTANTIATE(cpu::pairwise_distance_sums);

}  // namespace sparcell
