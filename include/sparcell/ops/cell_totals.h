// Library size and detected genes of cells.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// Per cell: totals[r] = sum over genes of e^x - 1 for x > 0 (what was counted, back from log1p, where values
/// are log-normalized), detected[r] = number of genes with |x| >= threshold. Sums run in f64, in one order.
/// Requires: an element of totals and of detected for each cell, threshold > 0.
SPARCELL_OP(cell_totals, (Context & context, MatrixView<const T> cells, T threshold, std::span<double> totals,
                          std::span<double> detected))

}  // namespace sparcell
