// Distances between all points of two sets: what energy distances are made of.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// sums(g, h) = sum of |x_i - y_j| (Euclidean) over the points i of group g of x and j of group h of y. Group
/// g of x is the rows x_groups[g] .. x_groups[g + 1]. Sums over groups are what subsampling and jackknife
/// need: every replicate is then arithmetic on a small matrix. Distances are computed in T from differences
/// of coordinates (no cancellation as in |x|^2 + |y|^2 - 2xy: the distance of a point to itself is exactly 0)
/// and summed in f64, in an order that does not depend on the number of threads. Requires: x and y have the
/// same number of columns; groups are ascending offsets in host memory from 0 to the number of rows; sums is
/// (x_groups.size() - 1) x (y_groups.size() - 1).
SPARCELL_OP(pairwise_distance_sums, (Context & context, MatrixView<const T> x, MatrixView<const T> y,
                                     std::span<const std::int64_t> x_groups,
                                     std::span<const std::int64_t> y_groups, MatrixView<double> sums))

}  // namespace sparcell
