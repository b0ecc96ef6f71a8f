#include "sparcell/ops/linear_loss.h"

#include "sparcell/ops/loss.h"
#include "sparcell/ops/matmul.h"

namespace sparcell {

template <class T>
void cpu::linear_squared_error(Context& context, MatrixView<const T> input, MatrixView<const T> weight,
                               std::span<const T> bias, OutputActivation activation,
                               MatrixView<const T> target, LossTerm loss, MatrixView<T> gradient,
                               std::span<T> grad_bias) {
  cpu::matmul<T>(context, Transpose::no, Transpose::yes, input, weight, T(0), gradient);
  cpu::dense_squared_error<T>(context, gradient, bias, activation, target, loss, gradient, grad_bias);
}
SPARCELL_INSTANTIATE(cpu::linear_squared_error);

}  // namespace sparcell
