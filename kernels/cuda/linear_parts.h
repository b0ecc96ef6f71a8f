// What kernels of whole layers share besides their products: a feature's parameters, a thread's rows, and how
// they are launched.
#pragma once

#include <limits>

#include "cuda/layer_parts.h"
#include "cuda/linear_slab.h"
#include "cuda/linear_stage.h"
#include "cuda/memory.h"

namespace sparcell::kernels::linear {

using layer::Parameters;

/// A feature's parameters, and its normalization as y = a * factor + shift. Parameters are read where it is
/// made: before products, behind which nobody then waits for memory.
struct Feature {
  std::int64_t column;
  bool there, leads;  ///< whether there is such a feature; whether the thread writes what belongs to it
  float bias, weight, offset;
  float factor = 1, shift = 0;

  __device__ __forceinline__ Feature(const Place& place, std::int64_t cols, const Parameters& p)
      : column(place.column), there(column < cols), leads(there && place.row == 0) {
    bias = of(p.bias, 0), weight = of(p.weight, 1), offset = of(p.offset, 0);
  }
  __device__ __forceinline__ float of(const float* values, float otherwise) const {
    return there && values != nullptr ? load(values + column) : otherwise;
  }
  __device__ __forceinline__ void normalize(float mean, float inverse) {
    factor = inverse * weight;
    shift = offset - mean * factor;
  }
};

/// Calls body(i, row) for each of the thread's rows, of which there are at most `items`.
template <int items, class Body>
__device__ __forceinline__ void for_each_row(const Place& place, std::int64_t rows, Body&& body) {
#pragma unroll
  for (int i = 0; i < items; ++i) {
    const std::int64_t row = place.row + static_cast<std::int64_t>(i) * place.tile_rows;
    if (row < rows) body(i, row);
  }
}

/// What a block reads lies in caches, but every block reads it: beyond these sizes a product of tiles wins.
constexpr std::int64_t most_rows = 2 * most_tile_rows, most_terms = 1024,
                       most_products = std::int64_t{1} << 25;

/// Whether the product of an input with a weight of `cols` features is within them.
inline bool is_small_product(const MatrixView<const float>& input, std::int64_t cols) {
  return input.rows <= most_rows && input.cols <= most_terms &&
         input.rows * input.cols * cols <= most_products &&
         input.rows * input.stride <= std::numeric_limits<int>::max();
}

/// As many blocks as fit side by side, one on each multiprocessor of an H100 or H200; a constant, so that
/// sums have one order on all devices. Of more, two go on one, with half the threads each.
constexpr unsigned side_by_side = 132;

constexpr std::int64_t least_part = 256;  // terms: a meeting of blocks costs as much

/// Tickets: one for each slab of a product in parts, and one for a sum over all slabs.
constexpr unsigned ticket_of_all = side_by_side / 2;
static_assert(ticket_of_all < cuda::most_tickets);

/// Launches one of instance(width, items, shape) for a layer of that many rows and features. The terms of its
/// product, where they may be cut, are cut into parts until blocks are as many as fit side by side.
template <class Instance>
void launch(Context& context, std::int64_t rows, std::int64_t cols, std::int64_t terms, std::size_t shared,
            bool aligned, Instance&& instance) {
  const auto grid = static_cast<unsigned>((cols + columns - 1) / columns);  // a block for each: no loop
  const bool halved = grid > side_by_side && rows <= most_tile_rows;
  const std::int64_t tile_rows = halved ? (rows + 1) / 2 : std::min<std::int64_t>(rows, most_tile_rows),
                     warps = (tile_rows + warp_rows - 1) / warp_rows;
  const auto parts = std::max(1u, std::min(side_by_side / grid, static_cast<unsigned>(terms / least_part)));
  const device::LaunchShape shape{.grid = {grid, parts},
                                  .block = static_cast<unsigned>(warps * warp_size),
                                  .shared = shared,
                                  .stream = device::stream_of(context)};
  device::with_width<columns>(aligned, [&](auto width) {
    if (rows <= warps * warp_rows) {
      instance(width, std::integral_constant<int, 1>{}, shape);
    } else {
      instance(width, std::integral_constant<int, 2>{}, shape);
    }
  });
}

/// Numbers that the parts of a product hand over.
inline std::int64_t handed_over(const device::LaunchShape& shape, int items) {
  return shape.grid.y == 1 ? 0 : std::int64_t{shape.grid.x} * shape.grid.y * items * shape.block.x;
}

/// Bytes of the staged numbers of a weight.
inline std::size_t shared_bytes(std::int64_t terms) {
  return sizeof(float) * columns * static_cast<std::size_t>(padded(terms));
}

}  // namespace sparcell::kernels::linear
