#include "sparcell/ops/gradient_penalty.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void interpolate(Context& context, RandomStream stream, MatrixView<const T> real,
                 MatrixView<const T> generated, MatrixView<T> out) {
  require(real.rows == out.rows && generated.rows == out.rows && real.cols == out.cols &&
              generated.cols == out.cols,
          "interpolate: {} x {} and {} x {} give {} x {}", real.rows, real.cols, generated.rows,
          generated.cols, out.rows, out.cols);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(interpolate, context, stream, real, generated, out);
}
SPARCELL_INSTANTIATE(interpolate);

template <class T>
void penalty_tangent(Context& context, MatrixView<const T> g, double target, double weight,
                     double penalty_scale, double* penalty, MatrixView<T> tangent) {
  require(g.rows == tangent.rows && g.cols == tangent.cols, "penalty_tangent: {} x {} gives {} x {}", g.rows,
          g.cols, tangent.rows, tangent.cols);
  if (g.size() == 0) return;
  SPARCELL_DISPATCH(penalty_tangent, context, g, target, weight, penalty_scale, penalty, tangent);
}
SPARCELL_INSTANTIATE(penalty_tangent);

template <class T>
void head_derivative(Context& context, PenaltyOn head, MatrixView<const T> logits, const T* scale,
                     MatrixView<T> out) {
  require(logits.cols == 1 && out.cols == 1 && logits.rows == out.rows,
          "head_derivative: {} x {} gives {} x {}", logits.rows, logits.cols, out.rows, out.cols);
  SPARCELL_DISPATCH(head_derivative, context, head, logits, scale, out);
}
SPARCELL_INSTANTIATE(head_derivative);

template <class T>
void head_second_derivative(Context& context, PenaltyOn head, MatrixView<const T> logits, const T* scale,
                            MatrixView<T> tangent_linear, MatrixView<T> out) {
  require(logits.cols == 1 && out.cols == 1 && tangent_linear.cols == 1 && logits.rows == out.rows &&
              logits.rows == tangent_linear.rows,
          "head_second_derivative: {} logits, {} tangents, {} results", logits.rows, tangent_linear.rows,
          out.rows);
  SPARCELL_DISPATCH(head_second_derivative, context, head, logits, scale, tangent_linear, out);
}
SPARCELL_INSTANTIATE(head_second_derivative);

}  // namespace sparcell
