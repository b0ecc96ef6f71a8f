// Minibatch standard deviation (Karras et al. 2018): one number that says how much the cells of a batch
// differ. With x cells x features, mu_c the mean and v_c the (biased) variance of column c,
//     s_c = sqrt(v_c + 1e-8),   m = mean over columns of s_c
// Every cell of a batch depends on all others through m.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

inline constexpr double minibatch_epsilon = 1e-8;

/// out(r, 0) = m for every row r. Requires: out has as many rows as x, and one column.
SPARCELL_OP(minibatch_deviation, (Context & context, MatrixView<const T> x, MatrixView<T> out))

/// grad_x += (sum of grad) dm/dx: the way back from the gradients at the column that the op above wrote.
SPARCELL_OP(minibatch_deviation_backward,
            (Context & context, MatrixView<const T> x, MatrixView<const T> grad, MatrixView<T> grad_x))

/// The derivative of m along a tangent of x, in every row: out(r, 0) = sum of dm/dx * tangent.
SPARCELL_OP(minibatch_deviation_tangent,
            (Context & context, MatrixView<const T> x, MatrixView<const T> tangent, MatrixView<T> out))

/// grad_x += (sum of signal) H tangent, H the second derivatives of m: what the tangent pass of a gradient
/// penalty sends back, where `signal` are the gradients that arrived at m on its first way back.
SPARCELL_OP(minibatch_deviation_second,
            (Context & context, MatrixView<const T> x, MatrixView<const T> tangent,
             MatrixView<const T> signal, MatrixView<T> grad_x))

}  // namespace sparcell
