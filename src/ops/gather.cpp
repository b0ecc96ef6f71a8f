#include "sparcell/ops/gather.h"

#include "ops/dispatch.h"
#include "ops/standardization_checks.h"

namespace sparcell {

template <class T>
void gather_dense(Context& context, CsrView<const T> x, BatchRows rows, Standardization<T> standardization,
                  MatrixView<T> out) {
  require(out.rows == rows.count && out.cols == x.cols, "gather_dense: out is {} x {}, expected {} x {}",
          out.rows, out.cols, rows.count, x.cols);
  check_standardization("gather_dense", standardization, x.cols);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(gather_dense, context, x, rows, standardization, out);
}
SPARCELL_INSTANTIATE(gather_dense);

}  // namespace sparcell
