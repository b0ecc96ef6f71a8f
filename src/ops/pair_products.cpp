#include "sparcell/ops/pair_products.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class View, class Other>
void check_shape(const char* op, const View& view, const Other& out) {
  require(view.rows == out.rows && view.cols == out.cols, "{}: {} x {} gives {} x {}", op, view.rows,
          view.cols, out.rows, out.cols);
}

}  // namespace

template <class T>
void elementwise_product(Context& context, MatrixView<const T> a, MatrixView<const T> b, MatrixView<T> out) {
  check_shape("elementwise_product", a, out);
  check_shape("elementwise_product", b, out);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(elementwise_product, context, a, b, out);
}
SPARCELL_INSTANTIATE(elementwise_product);

template <class T>
void pair_products(Context& context, MatrixView<const T> sums, MatrixView<const T> squares,
                   MatrixView<T> out) {
  check_shape("pair_products", sums, out);
  check_shape("pair_products", squares, out);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(pair_products, context, sums, squares, out);
}
SPARCELL_INSTANTIATE(pair_products);

template <class T>
void pair_products_backward(Context& context, MatrixView<const T> q, MatrixView<const T> with_sums,
                            MatrixView<const T> plain, MatrixView<T> grad) {
  check_shape("pair_products_backward", q, grad);
  check_shape("pair_products_backward", with_sums, grad);
  check_shape("pair_products_backward", plain, grad);
  if (grad.size() == 0) return;
  SPARCELL_DISPATCH(pair_products_backward, context, q, with_sums, plain, grad);
}
SPARCELL_INSTANTIATE(pair_products_backward);

}  // namespace sparcell
