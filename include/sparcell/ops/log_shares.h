// Rates of genes as shares of a cell's library: a softmax over them and one thing more, all else that is counted.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// x(i, g) becomes log(total p_g), p_g = e^x(i, g) / (1 + sum_h e^x(i, h)): shares of the genes of a row, which
/// leave the share 1 / (1 + sum_h e^x(i, h)) to all else, whose logit is 0. Sums are f64 of terms of T; no
/// finite x overflows.
/// Requires: total > 0. x may be columns of a wider matrix.
SPARCELL_OP(log_shares, (Context & context, double total, MatrixView<T> x))

/// The way back through log_shares: grad_h -= p_h sum_g grad_g, with p_h = e^log_shares(i, h) / total.
/// Requires: log_shares as the op above left it, grad of its shape and not its memory.
SPARCELL_OP(log_shares_backward,
            (Context & context, double total, MatrixView<const T> log_shares, MatrixView<T> grad))

}  // namespace sparcell
