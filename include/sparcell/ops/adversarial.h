// Losses on a critic's logits with their gradients.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// What is asked of a logit s:
///     cross_entropy  softplus(s) - target * s: binary cross-entropy of sigmoid(s) against the label `target`
///     hinge          max(0, 1 - target * s), target 1 (real) or -1 (generated)
///     linear         target * s
enum class LogitLoss { cross_entropy, hinge, linear };

/// *loss += weight * mean over rows; gradient = weight * d mean / d s, overwriting.
/// Requires: logits and gradient have one column and the same number of rows.
SPARCELL_OP(logit_loss, (Context & context, LogitLoss kind, double target, double weight,
                         MatrixView<const T> logits, double* loss, MatrixView<T> gradient))

/// *sum += scale * sum of x: means of logits, for the record of training.
SPARCELL_OP(add_sum, (Context & context, MatrixView<const T> x, double scale, double* sum))

}  // namespace sparcell
