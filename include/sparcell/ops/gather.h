// From the data set on the device to a dense batch.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// out(i, g) = x(row_i, g), standardized. Requires: out is rows.count x x.cols.
SPARCELL_OP(gather_dense, (Context & context, CsrView<const T> x, BatchRows rows,
                           Standardization<T> standardization, MatrixView<T> out))

}  // namespace sparcell
