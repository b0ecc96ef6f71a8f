// One-dimensional Wasserstein distances: of every gene, or along projections.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// Sorts the values of every row, ascending. Requires finite values; 0 and -0 are equal and keep no order.
SPARCELL_OP(sort_rows, (Context & context, MatrixView<T> rows))

/// distances[r] = the integral of |F^-1 - G^-1| over (0, 1), where F and G are the empirical distributions of
/// row r of a and of b: the Wasserstein distance of order 1 (scipy.stats.wasserstein_distance). Rows may
/// differ in length. Requires: a and b have as many rows, each sorted, and at least a column each.
SPARCELL_OP(wasserstein_distances,
            (Context & context, MatrixView<const T> a, MatrixView<const T> b, std::span<double> distances))

}  // namespace sparcell
