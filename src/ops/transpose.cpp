#include "sparcell/ops/transpose.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void transpose(Context& context, MatrixView<const T> in, MatrixView<T> out) {
  require(out.rows == in.cols && out.cols == in.rows, "transpose: {} x {} to {} x {}", in.rows, in.cols,
          out.rows, out.cols);
  if (in.size() == 0) return;
  SPARCELL_DISPATCH(transpose, context, in, out);
}
SPARCELL_INSTANTIATE(transpose);

}  // namespace sparcell
