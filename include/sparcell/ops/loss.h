// Losses on expression values with their gradients. Loss sums are f64 and are added to device memory, so that
// a run of steps needs no host.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/loss_term.h"
#include "sparcell/ops/op.h"
#include "sparcell/ops/words.h"

namespace sparcell {

/// The loss is sum d^2, d = prediction + bias - target (an empty bias is 0): gradient =
/// loss.gradient_scale * 2 d. The target is row_i of the sparse x, standardized. `gradient` overwrites, may
/// be the prediction's memory, and is left out where it is an empty view.
SPARCELL_OP(squared_error,
            (Context & context, MatrixView<const T> prediction, std::span<const T> bias, CsrView<const T> x,
             BatchRows rows, Standardization<T> standardization, LossTerm loss, MatrixView<T> gradient))

/// The same with a dense target and an activation: with a = prediction + bias and d = act(a) - target the
/// gradient is loss.gradient_scale * 2 d act'(a), that at a. The sums of its columns, which are the bias's
/// gradient, are added to `grad_bias` where that is not empty.
/// Requires: then `gradient` is none that is left out; the activation is identity or relu.
SPARCELL_OP(dense_squared_error, (Context & context, MatrixView<const T> prediction, std::span<const T> bias,
                                  OutputActivation activation, MatrixView<const T> target, LossTerm loss,
                                  MatrixView<T> gradient, std::span<T> grad_bias))

/// The loss is sum |x|: gradient += loss.gradient_scale * sign(x) (0 at 0). The gradient accumulates.
SPARCELL_OP(absolute_value, (Context & context, MatrixView<const T> x, LossTerm loss, MatrixView<T> gradient))

}  // namespace sparcell
