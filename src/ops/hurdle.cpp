#include "sparcell/ops/hurdle.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class A, class B>
void require_shape(const char* op, const char* name, MatrixView<A> matrix, MatrixView<B> values) {
  require(matrix.rows == values.rows && matrix.cols == values.cols, "{}: {} is {} x {}, the values {} x {}",
          op, name, matrix.rows, matrix.cols, values.rows, values.cols);
}

}  // namespace

template <class T>
void hurdle(Context& context, RandomStream noise, std::int64_t first_row, MatrixView<const T> values,
            MatrixView<const T> gates, MatrixView<T> out) {
  require_shape("hurdle", "gates", gates, values);
  require_shape("hurdle", "out", out, values);
  require(first_row >= 0, "hurdle: the first row is {}", first_row);
  if (values.size() == 0) return;
  SPARCELL_DISPATCH(hurdle, context, noise, first_row, values, gates, out);
}
SPARCELL_INSTANTIATE(hurdle);

template <class T>
void hurdle_backward(Context& context, RandomStream noise, std::int64_t first_row, double temperature,
                     MatrixView<const T> values, MatrixView<const T> gates, MatrixView<const T> grad,
                     MatrixView<T> grad_values, MatrixView<T> grad_gates) {
  require_shape("hurdle_backward", "gates", gates, values);
  require_shape("hurdle_backward", "grad", grad, values);
  require_shape("hurdle_backward", "grad_values", grad_values, values);
  require_shape("hurdle_backward", "grad_gates", grad_gates, values);
  require(first_row >= 0, "hurdle_backward: the first row is {}", first_row);
  require(temperature > 0, "hurdle_backward: a temperature of {}", temperature);
  if (values.size() == 0) return;
  SPARCELL_DISPATCH(hurdle_backward, context, noise, first_row, temperature, values, gates, grad, grad_values,
                    grad_gates);
}
SPARCELL_INSTANTIATE(hurdle_backward);

template <class T>
void zero_share(Context& context, MatrixView<const T> gates, std::span<const T> share, double loss_scale,
                double gradient_scale, double* loss, MatrixView<T> grad) {
  require(static_cast<std::int64_t>(share.size()) == gates.cols, "zero_share: {} shares for {} columns",
          share.size(), gates.cols);
  require(grad.rows == gates.rows && grad.cols == gates.cols,
          "zero_share: the gradient is {} x {}, the gates {} x {}", grad.rows, grad.cols, gates.rows,
          gates.cols);
  if (gates.cols == 0) return;
  require(gates.rows > 0, "zero_share: no rows to take a mean of");
  SPARCELL_DISPATCH(zero_share, context, gates, share, loss_scale, gradient_scale, loss, grad);
}
SPARCELL_INSTANTIATE(zero_share);

}  // namespace sparcell
