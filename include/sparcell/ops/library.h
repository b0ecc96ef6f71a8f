// Library sizes of generated cells: drawn from what real cells have, and given to cells.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// out(i, 0) = the quantile function that `table` holds at equal distances, table[0] the smallest and its
/// last number the largest value, at the uniform of element i of the stream; between two entries linear.
/// `out` is one column, which may be a column of a wider matrix. Requires: at least two entries.
SPARCELL_OP(draw_quantiles,
            (Context & context, RandomStream stream, std::span<const T> table, MatrixView<T> out))

/// Cells with the totals that they are to have. x is log1p of what is counted, q = e^x - 1 >= 0; with
/// S = sum_g q_g of a cell and L = exp(scale[0] + scale[1] * size): out = log1p(q L / S), so that the sum of
/// e^out - 1 is L; a cell without counts stays one. `out` may be x's memory. Requires: x and out have one
/// shape, size is a column with as many rows, scale two numbers.
SPARCELL_OP(scale_to_library, (Context & context, MatrixView<const T> x, MatrixView<const T> size,
                               std::span<const T> scale, MatrixView<T> out))

/// The way back to x, with a_g = grad_g / (1 + q_g L / S): grad_x_g = L / S (a_g - (sum a q) / S) (1 + q_g);
/// 0 for a cell without counts. `grad_x` overwrites and may be grad's memory. Requires: as above.
SPARCELL_OP(scale_to_library_backward,
            (Context & context, MatrixView<const T> x, MatrixView<const T> size, std::span<const T> scale,
             MatrixView<const T> grad, MatrixView<T> grad_x))

}  // namespace sparcell
