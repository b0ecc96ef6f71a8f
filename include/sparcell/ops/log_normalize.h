// Library sizes and log-normalization of sparse counts. Rows are cells.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// sums[r] = sum of row r, accumulated in f64 (exact for counts); 0 for a row without entries.
/// Requires: sums has a place for every row.
SPARCELL_OP(row_sums, (Context & context, CsrView<const T> x, std::span<double> sums))

/// In one pass over the values: values[k] = f(x.values[k] * target_sum / sum of its row), with f(v) = log(1 + v) where
/// `log1p`, else the identity; rows whose sum is not above 0 keep theirs. `values` may be x's own. Requires: target_sum > 0
/// and finite; values has a place for every entry, as aligned to 16 bytes as x's.
SPARCELL_OP(log_normalize, (Context & context, CsrView<const T> x, double target_sum, bool log1p, std::span<T> values))

}  // namespace sparcell
