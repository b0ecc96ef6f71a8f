#include "sparcell/ops/linear_loss.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void linear_squared_error(Context& context, MatrixView<const T> input, MatrixView<const T> weight,
                          std::span<const T> bias, OutputActivation activation, MatrixView<const T> target,
                          LossTerm loss, MatrixView<T> gradient, std::span<T> grad_bias) {
  require(input.rows == gradient.rows && weight.rows == gradient.cols && weight.cols == input.cols,
          "linear_squared_error: {} x {} by a weight of {} x {} goes to {} x {}", input.rows, input.cols,
          weight.rows, weight.cols, gradient.rows, gradient.cols);
  require(target.rows == gradient.rows && target.cols == gradient.cols,
          "linear_squared_error: the prediction is {} x {}, the target {} x {}", gradient.rows, gradient.cols,
          target.rows, target.cols);
  require(bias.empty() || static_cast<std::int64_t>(bias.size()) == gradient.cols,
          "linear_squared_error: {} biases for {} columns", bias.size(), gradient.cols);
  require(grad_bias.empty() || static_cast<std::int64_t>(grad_bias.size()) == gradient.cols,
          "linear_squared_error: {} gradients of biases for {} columns", grad_bias.size(), gradient.cols);
  require(activation != OutputActivation::softplus, "linear_squared_error: outputs with softplus");
  require(input.cols > 0 || gradient.size() == 0, "linear_squared_error: a layer without inputs");
  if (gradient.size() == 0) return;
  SPARCELL_DISPATCH(linear_squared_error, context, input, weight, bias, activation, target, loss, gradient,
                    grad_bias);
}
SPARCELL_INSTANTIATE(linear_squared_error);

}  // namespace sparcell
