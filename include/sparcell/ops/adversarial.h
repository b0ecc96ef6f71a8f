// Losses on a critic's logits with their gradients.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// What is asked of a logit s:
///     cross_entropy  softplus(s) - target * s: binary cross-entropy of sigmoid(s) against the label `target`
///     hinge          max(0, 1 - target * s), target 1 (real) or -1 (generated)
///     linear         target * s
enum class LogitLoss { cross_entropy, hinge, linear };

/// Logits that share a target, in one column, and what comes of them in device memory.
template <class T>
struct LogitGroup {
  double target = 0;
  MatrixView<const T> logits;
  double* score = nullptr;  ///< *score += mean of the logits, for the record of training; may be null
  MatrixView<T> gradient;
};
inline constexpr std::size_t most_logit_groups = 2;  ///< real and generated cells

/// For each group, in order: *loss += weight * mean over rows; gradient = weight * d mean / d s, overwriting.
/// A group without rows adds nothing. Requires: at most most_logit_groups groups; logits and gradient have
/// one column and the same number of rows. `loss` and the scores may be the same number.
SPARCELL_OP(logit_loss, (Context & context, LogitLoss kind, double weight,
                         std::span<const LogitGroup<T>> groups, double* loss))

}  // namespace sparcell
