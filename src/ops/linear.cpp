#include "sparcell/ops/linear.h"

#include "ops/dispatch.h"
#include "ops/layer_checks.h"

namespace sparcell {

template <class T>
void linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                    RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                    MatrixView<const T> input, MatrixView<const T> weight, MatrixView<T> linear,
                    MatrixView<T> out) {
  require(input.rows == linear.rows && weight.rows == linear.cols && weight.cols == input.cols,
          "linear_forward: {} x {} by a weight of {} x {} goes to {} x {}", input.rows, input.cols,
          weight.rows, weight.cols, linear.rows, linear.cols);
  require(input.cols > 0 || linear.size() == 0, "linear_forward: a layer without inputs");
  check_layer_forward<T>("linear_forward", form, parameters, running, passes, linear, out);
  if (linear.size() == 0) return;
  SPARCELL_DISPATCH(linear_forward, context, form, parameters, running, passes, input, weight, linear, out);
}
SPARCELL_INSTANTIATE(linear_forward);

template <class T>
void sparse_linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                           RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                           CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                           MatrixView<T> linear, MatrixView<T> out) {
  require(rows.count == linear.rows && weight.rows == x.cols && weight.cols == linear.cols,
          "sparse_linear_forward: {} cells of {} genes by a weight of {} x {} goes to {} x {}", rows.count,
          x.cols, weight.rows, weight.cols, linear.rows, linear.cols);
  check_layer_forward<T>("sparse_linear_forward", form, parameters, running, passes, linear, out);
  if (linear.size() == 0) return;
  SPARCELL_DISPATCH(sparse_linear_forward, context, form, parameters, running, passes, x, rows, weight,
                    linear, out);
}
SPARCELL_INSTANTIATE(sparse_linear_forward);

template <class T>
void linear_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                     std::span<const LayerPass<T>> passes, MatrixView<const T> grad_next,
                     MatrixView<const T> weight_next, MatrixView<const T> a, MatrixView<T> grad_linear,
                     LayerGradients<T> gradients) {
  require(grad_next.rows == grad_linear.rows && weight_next.cols == grad_linear.cols &&
              weight_next.rows == grad_next.cols,
          "linear_backward: {} x {} by a weight of {} x {} goes to {} x {}", grad_next.rows, grad_next.cols,
          weight_next.rows, weight_next.cols, grad_linear.rows, grad_linear.cols);
  require(grad_next.cols > 0 || grad_linear.size() == 0,
          "linear_backward: a layer without outputs behind it");
  const bool alone = is_product_alone(form, parameters, passes);
  check_layer_backward<T>("linear_backward", form, parameters, passes,
                          alone && a.data == nullptr ? MatrixView<const T>(grad_linear) : a, grad_linear,
                          grad_linear, gradients);
  if (grad_linear.size() == 0) return;
  SPARCELL_DISPATCH(linear_backward, context, form, parameters, passes, grad_next, weight_next, a,
                    grad_linear, gradients);
}
SPARCELL_INSTANTIATE(linear_backward);

}  // namespace sparcell
