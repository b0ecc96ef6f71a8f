// From rows of cells to rows of genes.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// out(c, r) = in(r, c). Requires: out is in.cols x in.rows and does not overlap in.
SPARCELL_OP(transpose, (Context & context, MatrixView<const T> in, MatrixView<T> out))

}  // namespace sparcell
