#include "sparcell/ops/loss.h"

#include "ops/dispatch.h"
#include "ops/standardization_checks.h"

namespace sparcell {

template <class T>
void squared_error(Context& context, MatrixView<const T> prediction, std::span<const T> bias,
                   CsrView<const T> x, BatchRows rows, Standardization<T> standardization, LossTerm loss,
                   MatrixView<T> gradient) {
  require(prediction.rows == rows.count && prediction.cols == x.cols,
          "squared_error: the prediction is {} x {}, the target {} x {}", prediction.rows, prediction.cols,
          rows.count, x.cols);
  require(gradient.data == nullptr || (gradient.rows == prediction.rows && gradient.cols == prediction.cols),
          "squared_error: the gradient is {} x {}, the prediction {} x {}", gradient.rows, gradient.cols,
          prediction.rows, prediction.cols);
  require(bias.empty() || static_cast<std::int64_t>(bias.size()) == x.cols,
          "squared_error: {} biases for {} columns", bias.size(), x.cols);
  check_standardization("squared_error", standardization, x.cols);
  if (prediction.size() == 0) return;
  SPARCELL_DISPATCH(squared_error, context, prediction, bias, x, rows, standardization, loss, gradient);
}
SPARCELL_INSTANTIATE(squared_error);

template <class T>
void dense_squared_error(Context& context, MatrixView<const T> prediction, std::span<const T> bias,
                         OutputActivation activation, MatrixView<const T> target, LossTerm loss,
                         MatrixView<T> gradient, std::span<T> grad_bias) {
  require(prediction.rows == target.rows && prediction.cols == target.cols,
          "dense_squared_error: the prediction is {} x {}, the target {} x {}", prediction.rows,
          prediction.cols, target.rows, target.cols);
  require(gradient.data == nullptr || (gradient.rows == prediction.rows && gradient.cols == prediction.cols),
          "dense_squared_error: the gradient is {} x {}, the prediction {} x {}", gradient.rows,
          gradient.cols, prediction.rows, prediction.cols);
  require(bias.empty() || static_cast<std::int64_t>(bias.size()) == prediction.cols,
          "dense_squared_error: {} biases for {} columns", bias.size(), prediction.cols);
  require(grad_bias.empty() ||
              (static_cast<std::int64_t>(grad_bias.size()) == prediction.cols && gradient.data != nullptr),
          "dense_squared_error: {} gradients of biases for {} columns{}", grad_bias.size(), prediction.cols,
          gradient.data == nullptr ? " without a gradient" : "");
  require(activation != OutputActivation::softplus, "dense_squared_error: outputs with softplus");
  if (prediction.size() == 0) return;
  SPARCELL_DISPATCH(dense_squared_error, context, prediction, bias, activation, target, loss, gradient,
                    grad_bias);
}
SPARCELL_INSTANTIATE(dense_squared_error);

template <class T>
void absolute_value(Context& context, MatrixView<const T> x, LossTerm loss, MatrixView<T> gradient) {
  require(gradient.rows == x.rows && gradient.cols == x.cols,
          "absolute_value: the gradient is {} x {}, x {} x {}", gradient.rows, gradient.cols, x.rows, x.cols);
  if (x.size() == 0) return;
  SPARCELL_DISPATCH(absolute_value, context, x, loss, gradient);
}
SPARCELL_INSTANTIATE(absolute_value);

}  // namespace sparcell
