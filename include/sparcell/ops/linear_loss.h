// A network's last layer with the loss of its outputs. A device that computes small layers at once
// (ops/linear.h) never writes the outputs to memory.
#pragma once

#include "sparcell/ops/loss_term.h"
#include "sparcell/ops/op.h"
#include "sparcell/ops/words.h"

namespace sparcell {

/// With a = input W^T + bias (an empty bias is 0) and d = act(a) - target the loss is sum d^2, gradient =
/// loss.gradient_scale * 2 d act'(a), which is the gradient at the product, and the sums of its columns, the
/// gradient of the bias, are added to grad_bias where that is not empty. W is out x in. The results are those
/// of matmul and dense_squared_error (ops/loss.h) one after the other, up to the order of sums. Requires:
/// gradient overwrites and overlaps neither input nor target; the activation is identity or relu.
SPARCELL_OP(linear_squared_error,
            (Context & context, MatrixView<const T> input, MatrixView<const T> weight,
             std::span<const T> bias, OutputActivation activation, MatrixView<const T> target, LossTerm loss,
             MatrixView<T> gradient, std::span<T> grad_bias))

}  // namespace sparcell
