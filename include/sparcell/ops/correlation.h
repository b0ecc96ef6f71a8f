// Correlations between rows: of genes over cells.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// Subtracts every row's mean and divides by the norm of what is left, so that the product of two rows is
/// their Pearson correlation. A row whose values are all the same becomes 0. Means and norms are summed in
/// f64, from deviations. Requires finite values.
SPARCELL_OP(standardize_rows, (Context & context, MatrixView<T> rows))

}  // namespace sparcell
