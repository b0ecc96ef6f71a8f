#include "sparcell/ops/adversarial.h"

namespace sparcell {

template <class T>
void logit_loss(Context& context, LogitLoss kind, double target, double weight, MatrixView<const T> logits,
                double* loss, MatrixView<T> gradient) {
  require(logits.cols == 1 && gradient.cols == 1 && logits.rows == gradient.rows,
          "logit_loss: logits are {} x {}, the gradient {} x {}, expected one column", logits.rows,
          logits.cols, gradient.rows, gradient.cols);
  if (logits.rows == 0) return;
  SPARCELL_DISPATCH(logit_loss, context, kind, target, weight, logits, loss, gradient);
}
SPARCELL_INSTANTIATE(logit_loss);

template <class T>
void add_sum(Context& context, MatrixView<const T> x, double scale, double* sum) {
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(add_sum, context, x, scale, sum);
}
SPARCELL_INSTANTIATE(add_sum);

}  // namespace sparcell
