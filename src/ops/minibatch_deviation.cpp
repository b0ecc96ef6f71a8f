#include "sparcell/ops/minibatch_deviation.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class View>
void check_column(const char* op, const char* what, const View& column, std::int64_t rows) {
  require(column.rows == rows && column.cols == 1, "{}: {} is {} x {}, expected {} x 1", op, what,
          column.rows, column.cols, rows);
}

template <class View, class Input>
void check_shape(const char* op, const char* what, const View& view, const Input& x) {
  require(view.rows == x.rows && view.cols == x.cols, "{}: {} is {} x {}, expected {} x {}", op, what,
          view.rows, view.cols, x.rows, x.cols);
}

}  // namespace

template <class T>
void minibatch_deviation(Context& context, MatrixView<const T> x, MatrixView<T> out) {
  check_column("minibatch_deviation", "the result", out, x.rows);
  if (x.rows == 0) return;
  require(x.cols > 0, "minibatch_deviation: {} cells without features", x.rows);
  SPARCELL_DISPATCH(minibatch_deviation, context, x, out);
}
SPARCELL_INSTANTIATE(minibatch_deviation);

template <class T>
void minibatch_deviation_backward(Context& context, MatrixView<const T> x, MatrixView<const T> grad,
                                  MatrixView<T> grad_x) {
  check_column("minibatch_deviation_backward", "the gradient", grad, x.rows);
  check_shape("minibatch_deviation_backward", "the features' gradient", grad_x, x);
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(minibatch_deviation_backward, context, x, grad, grad_x);
}
SPARCELL_INSTANTIATE(minibatch_deviation_backward);

template <class T>
void minibatch_deviation_tangent(Context& context, MatrixView<const T> x, MatrixView<const T> tangent,
                                 MatrixView<T> out) {
  check_shape("minibatch_deviation_tangent", "the tangent", tangent, x);
  check_column("minibatch_deviation_tangent", "the result", out, x.rows);
  if (x.rows == 0) return;
  require(x.cols > 0, "minibatch_deviation_tangent: {} cells without features", x.rows);
  SPARCELL_DISPATCH(minibatch_deviation_tangent, context, x, tangent, out);
}
SPARCELL_INSTANTIATE(minibatch_deviation_tangent);

template <class T>
void minibatch_deviation_second(Context& context, MatrixView<const T> x, MatrixView<const T> tangent,
                                MatrixView<const T> signal, MatrixView<T> grad_x) {
  check_shape("minibatch_deviation_second", "the tangent", tangent, x);
  check_column("minibatch_deviation_second", "the signal", signal, x.rows);
  check_shape("minibatch_deviation_second", "the features' gradient", grad_x, x);
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(minibatch_deviation_second, context, x, tangent, signal, grad_x);
}
SPARCELL_INSTANTIATE(minibatch_deviation_second);

}  // namespace sparcell
