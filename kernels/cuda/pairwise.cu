// Distances between all points of two sets. The rows of both are cut, group by group, into bands of 64 points
// of x and spans of up to 512 points of y. A block takes a band and a span, whose points pass by 64 at a
// time: 16 coordinates of 64 + 64 points lie in shared memory, and a thread holds the squares of 4 x 4
// distances in registers. The sums of band and span pairs are then added in order, one block for a pair of
// groups.
#include "sparcell/ops/pairwise.h"

#include <algorithm>
#include <vector>

#include "cuda/memory.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::pairwise {

using device::load, device::load_vector, device::store;

constexpr int threads = 256;
constexpr int tile = 64;                   // points of x and of y that meet at once
constexpr int per_thread = 4;              // of each
constexpr int depth = 16;                  // coordinates in shared memory
constexpr int octet = 8;                   // coordinates that a warp reads of each of four points: 32 bytes
constexpr int stride = tile + per_thread;  // so that those 32 numbers are stored to 32 banks
constexpr std::int64_t span_points = 8 * tile;
constexpr int side = tile / per_thread;
static_assert(side * side == threads && depth % octet == 0);

/// Consecutive rows of one group.
struct Part {
  std::int64_t first, count;
};

/// What the kernels read about one set of points.
struct Parts {
  const Part* parts;
  const std::int64_t* of_group;  ///< group g has the parts of_group[g] .. of_group[g + 1]
  std::int64_t count;
};

/// Coordinates first .. first + depth of the points of a tile, transposed; 0 where there are none.
__device__ __forceinline__ void fill_tile(MatrixView<const float> points, std::int64_t first_point,
                                          std::int64_t point_count, std::int64_t first_coordinate,
                                          float (&to)[depth][stride]) {
#pragma unroll
  for (int i = 0; i < depth * tile; i += threads) {
    const int e = i + static_cast<int>(threadIdx.x);
    const int point = e / octet % tile, coordinate = e / (octet * tile) * octet + e % octet;
    const std::int64_t c = first_coordinate + coordinate;
    const bool there = point < point_count && c < points.cols;
    store(&to[coordinate][point], there ? load(points.row(first_point + point) + c) : 0.0f);
  }
}

/// The sum of the calling thread's share of the distances between the tiles.
__device__ __forceinline__ double tile_sum(MatrixView<const float> x, Part x_part, MatrixView<const float> y,
                                           Part y_part) {
  __shared__ __align__(16) float x_tile[depth][stride], y_tile[depth][stride];
  const int x_first = static_cast<int>(threadIdx.x) / side * per_thread;
  const int y_first = static_cast<int>(threadIdx.x) % side * per_thread;
  float squares[per_thread][per_thread] = {};
  for (std::int64_t first = 0; first < x.cols; first += depth) {
    __syncthreads();  // the tiles before have been read
    fill_tile(x, x_part.first, x_part.count, first, x_tile);
    fill_tile(y, y_part.first, y_part.count, first, y_tile);
    __syncthreads();
#pragma unroll
    for (int c = 0; c < depth; ++c) {
      const auto px = load_vector<per_thread>(&x_tile[c][x_first]);
      const auto py = load_vector<per_thread>(&y_tile[c][y_first]);
#pragma unroll
      for (int i = 0; i < per_thread; ++i) {
#pragma unroll
        for (int j = 0; j < per_thread; ++j) {
          const float difference = py[j] - px[i];
          squares[i][j] = math::fma(difference, difference, squares[i][j]);
        }
      }
    }
  }
  double sum = 0;
#pragma unroll
  for (int i = 0; i < per_thread; ++i) {
#pragma unroll
    for (int j = 0; j < per_thread; ++j) {
      if (x_first + i < x_part.count && y_first + j < y_part.count)
        sum += static_cast<double>(math::square_root(squares[i][j]));
    }
  }
  return sum;
}

/// sums(band, span) of all distances between a band and a span.
__global__ void __launch_bounds__(threads)
    sum_pairs(MatrixView<const float> x, MatrixView<const float> y, Parts bands, Parts spans, double* sums) {
  device::for_each_in_blocks(bands.count * spans.count, [&](std::int64_t pair) {
    const Part band = bands.parts[pair / spans.count], span = spans.parts[pair % spans.count];
    double sum = 0;
    for (std::int64_t passed = 0; passed < span.count; passed += tile) {
      const std::int64_t left = span.count - passed;
      sum += tile_sum(x, band, y, {span.first + passed, left < tile ? left : tile});
    }
    sum = device::block_sum<threads>(sum);
    if (threadIdx.x == 0) store(sums + pair, sum);
  });
}

__global__ void __launch_bounds__(threads)
    sum_groups(Parts bands, Parts spans, const double* of_pairs, MatrixView<double> sums) {
  device::for_each_in_blocks(sums.size(), [&](std::int64_t i) {
    const std::int64_t g = i / sums.cols, h = i % sums.cols;
    const std::int64_t first_band = bands.of_group[g], first_span = spans.of_group[h];
    const std::int64_t width = spans.of_group[h + 1] - first_span;
    double sum = 0;
    device::for_each_in_block((bands.of_group[g + 1] - first_band) * width, [&](std::int64_t k) {
      sum += load(of_pairs + (first_band + k / width) * spans.count + first_span + k % width);
    });
    sum = device::block_sum<threads>(sum);
    if (threadIdx.x == 0) store(sums.row(g) + h, sum);
  });
}

struct HostParts {
  std::vector<Part> parts;
  std::vector<std::int64_t> of_group{0};

  HostParts(std::span<const std::int64_t> groups, std::int64_t most) {
    for (std::size_t g = 0; g + 1 < groups.size(); ++g) {
      for (std::int64_t first = groups[g]; first < groups[g + 1]; first += most)
        parts.push_back({first, std::min(most, groups[g + 1] - first)});
      of_group.push_back(count());
    }
  }
  std::int64_t count() const { return static_cast<std::int64_t>(parts.size()); }
  std::int64_t bytes() const {
    return static_cast<std::int64_t>(parts.size() * sizeof(Part) + of_group.size() * sizeof(std::int64_t));
  }
  /// Copies to device memory, where `end` becomes what follows.
  Parts upload(Context& context, char*& end) const {
    const Parts on_device{reinterpret_cast<Part*>(end),
                          reinterpret_cast<std::int64_t*>(end + parts.size() * sizeof(Part)), count()};
    const auto copy = [&](const auto& values) {
      const std::size_t bytes = values.size() * sizeof(values[0]);
      if (bytes > 0) context.memory().copy_to_device(end, values.data(), bytes);
      end += bytes;
    };
    copy(parts);
    copy(of_group);
    return on_device;
  }
};

}  // namespace kernels::pairwise

template <class T>
void cuda::pairwise_distance_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                                  std::span<const std::int64_t> x_groups,
                                  std::span<const std::int64_t> y_groups, MatrixView<double> sums) {
  using namespace kernels::pairwise;
  const HostParts x_parts(x_groups, tile), y_parts(y_groups, span_points);
  const std::int64_t pairs = x_parts.count() * y_parts.count();
  const std::int64_t pair_bytes = pairs * static_cast<std::int64_t>(sizeof(double));
  char* const scratch = workspace<char>(context, pair_bytes + x_parts.bytes() + y_parts.bytes());
  auto* const of_pairs = reinterpret_cast<double*>(scratch);
  char* end = scratch + pair_bytes;
  const Parts bands = x_parts.upload(context, end), spans = y_parts.upload(context, end);
  const auto shape = [&](std::int64_t blocks) {
    return device::LaunchShape{
        .grid = device::blocks_for(blocks, 1), .block = threads, .stream = device::stream_of(context)};
  };
  device::launch(sum_pairs, shape(pairs), x, y, bands, spans, of_pairs);
  device::launch(sum_groups, shape(sums.size()), bands, spans, of_pairs, sums);
}
SPARCELL_INSTANTIATE_CUDA(cuda::pairwise_distance_sums);

}  // namespace sparcell
