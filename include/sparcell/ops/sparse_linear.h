// The first layer on a sparse batch: products that touch only the entries that are there. Its weight is
// stored input-major (genes x out), so that each entry reads or adds one contiguous row.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// out(i, :) = sum over entries (g, value) of row_i of value * weight(g, :). Overwrites out.
/// Requires: weight is x.cols x H, out rows.count x H.
SPARCELL_OP(sparse_linear, (Context & context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                            MatrixView<T> out))

/// grad_weight(g, :) += sum over i of x(row_i, g) * grad_out(i, :). Accumulates; the order of sums is that of
/// the batch.
SPARCELL_OP(sparse_linear_weight_gradient, (Context & context, CsrView<const T> x, BatchRows rows,
                                            MatrixView<const T> grad_out, MatrixView<T> grad_weight))

}  // namespace sparcell
