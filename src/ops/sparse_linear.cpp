#include "sparcell/ops/sparse_linear.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                   MatrixView<T> out) {
  require(weight.rows == x.cols && out.rows == rows.count && out.cols == weight.cols,
          "sparse_linear: {} x {} times {} x {} does not give {} x {}", rows.count, x.cols, weight.rows,
          weight.cols, out.rows, out.cols);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(sparse_linear, context, x, rows, weight, out);
}
SPARCELL_INSTANTIATE(sparse_linear);

template <class T>
void sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                   MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  require(grad_weight.rows == x.cols && grad_out.rows == rows.count && grad_out.cols == grad_weight.cols,
          "sparse_linear_weight_gradient: ({} x {})^T times {} x {} does not give {} x {}", rows.count,
          x.cols, grad_out.rows, grad_out.cols, grad_weight.rows, grad_weight.cols);
  if (grad_out.size() == 0) return;
  SPARCELL_DISPATCH(sparse_linear_weight_gradient, context, x, rows, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(sparse_linear_weight_gradient);

}  // namespace sparcell
