// Mean and variance of every gene (column) of a sparse matrix over some of its cells (rows).
#pragma once

#include "sparcell/ops/moments_of.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// With v the values, transformed as `of` says and then cut down to clip[c] where `clip` is not empty,
/// implicit zeros included:
///     mean[c] = sum_r v[r, c] / n,   variance[c] = sum_r (v[r, c] - mean[c])^2 / n,   n = number of `rows`.
/// One pass with sums and sums of squares in f64, so the variance has an absolute error of a few n * 1e-16 *
/// mean^2 at most; it is never negative. The same bits for the same number of threads; columns that hold the
/// same entries get the same moments. Requires: at least one row; rows within the matrix (a row that is named
/// twice counts twice); mean, variance and clip (where it is given) have a place for every column; clip >= 0.
SPARCELL_OP(gene_moments,
            (Context & context, CsrView<const T> x, std::span<const std::int32_t> rows, MomentsOf of,
             std::span<const double> clip, std::span<double> mean, std::span<double> variance))

}  // namespace sparcell
