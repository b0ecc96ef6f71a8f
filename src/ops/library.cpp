#include "sparcell/ops/library.h"

#include "ops/dispatch.h"

namespace sparcell {
namespace {

template <class T>
void require_sizes(const char* op, MatrixView<const T> x, MatrixView<const T> size,
                   std::span<const T> scale) {
  require(size.rows == x.rows && size.cols == 1, "{}: sizes are {} x {}, expected {} x 1", op, size.rows,
          size.cols, x.rows);
  require(scale.size() == 2, "{}: {} numbers of scale, expected 2", op, scale.size());
}

template <class A, class B>
void require_shape(const char* op, const char* name, MatrixView<A> matrix, MatrixView<B> x) {
  require(matrix.rows == x.rows && matrix.cols == x.cols, "{}: {} is {} x {}, x {} x {}", op, name,
          matrix.rows, matrix.cols, x.rows, x.cols);
}

}  // namespace

template <class T>
void draw_quantiles(Context& context, RandomStream stream, std::span<const T> table, MatrixView<T> out) {
  require(table.size() >= 2, "draw_quantiles: a table of {} entries, expected at least 2", table.size());
  require(out.cols == 1, "draw_quantiles: out has {} columns, expected 1", out.cols);
  if (out.rows == 0) return;
  SPARCELL_DISPATCH(draw_quantiles, context, stream, table, out);
}
SPARCELL_INSTANTIATE(draw_quantiles);

template <class T>
void scale_to_library(Context& context, MatrixView<const T> x, MatrixView<const T> size,
                      std::span<const T> scale, MatrixView<T> out) {
  require_sizes("scale_to_library", x, size, scale);
  require_shape("scale_to_library", "out", out, x);
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(scale_to_library, context, x, size, scale, out);
}
SPARCELL_INSTANTIATE(scale_to_library);

template <class T>
void scale_to_library_backward(Context& context, MatrixView<const T> x, MatrixView<const T> size,
                               std::span<const T> scale, MatrixView<const T> grad, MatrixView<T> grad_x) {
  require_sizes("scale_to_library_backward", x, size, scale);
  require_shape("scale_to_library_backward", "grad", grad, x);
  require_shape("scale_to_library_backward", "grad_x", grad_x, x);
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(scale_to_library_backward, context, x, size, scale, grad, grad_x);
}
SPARCELL_INSTANTIATE(scale_to_library_backward);

}  // namespace sparcell
