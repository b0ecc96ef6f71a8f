#include "sparcell/ops/linear.h"

#include "sparcell/ops/matmul.h"
#include "sparcell/ops/sparse_linear.h"

namespace sparcell {

template <class T>
void cpu::linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                         RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                         MatrixView<const T> input, MatrixView<const T> weight, MatrixView<T> linear,
                         MatrixView<T> out) {
  cpu::matmul<T>(context, Transpose::no, Transpose::yes, input, weight, T(0), linear);
  if (out.data == linear.data && is_product_alone(form, parameters, passes)) return;
  cpu::layer_forward<T>(context, form, parameters, running, passes, linear, out);
}
SPARCELL_INSTANTIATE(cpu::linear_forward);

template <class T>
void cpu::sparse_linear_forward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                                RunningStatistics<T> running, std::span<const LayerPass<T>> passes,
                                CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                                MatrixView<T> linear, MatrixView<T> out) {
  cpu::sparse_linear<T>(context, x, rows, weight, linear);
  cpu::layer_forward<T>(context, form, parameters, running, passes, linear, out);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear_forward);

template <class T>
void cpu::linear_backward(Context& context, const LayerForm& form, const LayerParameters<T>& parameters,
                          std::span<const LayerPass<T>> passes, MatrixView<const T> grad_next,
                          MatrixView<const T> weight_next, MatrixView<const T> a, MatrixView<T> grad_linear,
                          LayerGradients<T> gradients) {
  cpu::matmul<T>(context, Transpose::no, Transpose::no, grad_next, weight_next, T(0), grad_linear);
  if (a.data == nullptr && gradients.bias.empty()) return;
  if (a.data == nullptr) a = grad_linear;  // its derivative is 1 everywhere
  cpu::layer_backward<T>(context, form, parameters, passes, a, grad_linear, grad_linear, gradients);
}
SPARCELL_INSTANTIATE(cpu::linear_backward);

}  // namespace sparcell
