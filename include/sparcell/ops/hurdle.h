// Cells with exact zeros: a gate that is open or shut beside a value, for every gene of a generated cell.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// out = open * softplus(value), open = 1 where gate + noise > 0, else 0: a gate with logit l is open with
/// probability sigmoid(l). The noise is logistic, log u - log(1 - u); row i of the batch, which is row
/// `first_row` + i of what is drawn, takes the elements (first_row + i) * columns ... of the stream.
/// Requires: the three matrices have one shape.
SPARCELL_OP(hurdle, (Context & context, RandomStream noise, std::int64_t first_row,
                     MatrixView<const T> values, MatrixView<const T> gates, MatrixView<T> out))

/// The way back with the gates drawn again. Gradient at a value: grad * open * sigmoid(value). At a gate
/// straight through (Bengio et al. 2013; Jang et al. 2017, "Categorical reparameterization with
/// Gumbel-softmax"): as if it were s = sigmoid((gate + noise) / temperature), which is
/// grad * softplus(value) * s (1 - s) / temperature. Gradients overwrite. Requires: all matrices have one
/// shape; temperature > 0.
SPARCELL_OP(hurdle_backward, (Context & context, RandomStream noise, std::int64_t first_row,
                              double temperature, MatrixView<const T> values, MatrixView<const T> gates,
                              MatrixView<const T> grad, MatrixView<T> grad_values, MatrixView<T> grad_gates))

/// How far the gates' probabilities are from the share p_g of cells in which a gene is not zero: with m_g the
/// mean of sigmoid(gate) over the rows, *loss += loss_scale * sum_g (m_g - p_g)^2 / (p_g (1 - p_g) + 0.005),
/// and grad += gradient_scale * its gradient at the gates. Requires: gates and grad have one shape, with a
/// column for each share; rows > 0 unless there are no columns.
SPARCELL_OP(zero_share, (Context & context, MatrixView<const T> gates, std::span<const T> share,
                         double loss_scale, double gradient_scale, double* loss, MatrixView<T> grad))

}  // namespace sparcell
