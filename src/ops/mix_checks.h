// What ops that mix cells check alike.
#pragma once

#include "sparcell/core/errors.h"
#include "sparcell/ops/mix.h"

namespace sparcell {

template <class T>
void check_mixing(const char* op, const CsrView<const T>& x, const BatchRows& rows, const Mixing<T>& mixing,
                  const MatrixView<T>& out) {
  require(out.rows == rows.count && out.cols == x.cols, "{}: out is {} x {}, expected {} x {}", op, out.rows,
          out.cols, rows.count, x.cols);
  require(mixing.probability >= 0 && mixing.probability <= 1, "{}: a probability of {}", op,
          mixing.probability);
  require(mixing.probability == 0 || mixing.other.cells > 0, "{}: no cells to take values from", op);
}

}  // namespace sparcell
