// Library sizes and log-normalization of sparse counts. Rows are cells.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// sums[r] = sum of row r, accumulated in f64 (exact for counts); 0 for a row without entries.
/// Requires: sums has a place for every row.
SPARCELL_OP(row_sums, (Context & context, CsrView<const T> x, std::span<double> sums))

/// In place and in one pass over the values: x[r, c] <- f(x[r, c] * target_sum / sum of row r), with f(v) =
/// log(1 + v) where `log1p`, else the identity. Rows whose sum is not above 0 are left as they are. Requires:
/// target_sum > 0 and finite.
SPARCELL_OP(log_normalize, (Context & context, CsrView<T> x, double target_sum, bool log1p))

}  // namespace sparcell
