// Nearest neighbours, exact: what memorisation, precision and recall, neighbour purity and k-means are made
// of.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// The k = distances.cols points of y nearest to every point of x: distances(i, j) is the Euclidean distance
/// to the j-th nearest, ascending, indices(i, j) its row of y; of equal distances the lower row is nearer.
/// Distances are computed in T from differences of coordinates. With `skip_own_row` row i of y is no
/// neighbour of row i of x: neighbours within one set. Requires: x and y have the same number of columns;
/// distances and indices are x.rows x k; 1 <= k <= y.rows, less one with `skip_own_row`; all values are
/// finite.
SPARCELL_OP(nearest_neighbors, (Context & context, MatrixView<const T> x, MatrixView<const T> y,
                                bool skip_own_row, MatrixView<T> distances, MatrixView<std::int32_t> indices))

/// inside[i] = 1 where a point y_j exists with |x_i - y_j| <= radii[j], else 0: whether x_i lies in the union
/// of balls around the points of y. Requires: x and y have the same number of columns; a radius, none
/// negative, for each y, an element of inside for each x; all values are finite.
SPARCELL_OP(inside_balls, (Context & context, MatrixView<const T> x, MatrixView<const T> y,
                           std::span<const T> radii, std::span<std::int32_t> inside))

/// occupied[i] = 1 where a point y_j exists with |x_i - y_j| <= radii[i], else 0: whether the ball around x_i
/// holds a point of y. Requires: x and y have the same number of columns; a radius, none negative, and an
/// element of occupied for each x; all values are finite.
SPARCELL_OP(occupied_balls, (Context & context, MatrixView<const T> x, MatrixView<const T> y,
                             std::span<const T> radii, std::span<std::int32_t> occupied))

}  // namespace sparcell
