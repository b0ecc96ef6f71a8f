#include "sparcell/ops/log_shares.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void log_shares(Context& context, double total, MatrixView<T> x) {
  require(total > 0, "log_shares: a total of {}, expected above 0", total);
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(log_shares, context, total, x);
}
SPARCELL_INSTANTIATE(log_shares);

template <class T>
void log_shares_backward(Context& context, double total, MatrixView<const T> log_shares, MatrixView<T> grad) {
  require(total > 0, "log_shares_backward: a total of {}, expected above 0", total);
  require(grad.rows == log_shares.rows && grad.cols == log_shares.cols,
          "log_shares_backward: grad is {} x {}, log_shares {} x {}", grad.rows, grad.cols, log_shares.rows,
          log_shares.cols);
  if (grad.size() == 0) return;
  SPARCELL_DISPATCH(log_shares_backward, context, total, log_shares, grad);
}
SPARCELL_INSTANTIATE(log_shares_backward);

}  // namespace sparcell
