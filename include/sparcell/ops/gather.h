// From the data set on the device to a dense batch.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// out(i, g) = (x(row_i, g) - mean[g]) * inverse_scale[g]; with empty `mean` and `inverse_scale` the values
/// as they are. Requires: out is rows.count x x.cols; the spans are empty or have x.cols elements.
SPARCELL_OP(gather_dense, (Context & context, CsrView<const T> x, BatchRows rows, std::span<const T> mean,
                           std::span<const T> inverse_scale, MatrixView<T> out))

}  // namespace sparcell
