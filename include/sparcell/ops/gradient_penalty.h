// Gradient penalty (Gulrajani et al. 2017): interpolation, norms, and the ends of its second pass back. The
// layers between are layer_backward and layer_tangent.
#pragma once

#include "sparcell/ops/op.h"
#include "sparcell/ops/words.h"

namespace sparcell {

/// out(r, :) = a_r real(r, :) + (1 - a_r) generated(r, :), a_r uniform in (0, 1) from the stream's element r.
SPARCELL_OP(interpolate, (Context & context, RandomStream stream, MatrixView<const T> real,
                          MatrixView<const T> generated, MatrixView<T> out))

/// From the critic's input gradient g (one row a cell), n = |g_r|:
///     *penalty += penalty_scale * mean over rows of (n - target)^2
///     tangent(r, :) = c g_r,  c = weight * 2 / rows * (n - target) / n, 0 where n = 0.
/// `tangent` may be g's memory.
SPARCELL_OP(penalty_tangent, (Context & context, MatrixView<const T> g, double target, double weight,
                              double penalty_scale, double* penalty, MatrixView<T> tangent))

/// The first derivative of the head phi (sigmoid or identity): out = scale * phi'(s), one column. Of the
/// identity's logits only the number counts.
SPARCELL_OP(head_derivative, (Context & context, PenaltyOn head, MatrixView<const T> logits, const T* scale,
                              MatrixView<T> out))

/// The second: with tangent_linear holding t_K w^T on entry and t = scale * t_K w^T on return, out = phi''(s)
/// * t: the gradient at s. Of the identity's logits only the number counts here too.
SPARCELL_OP(head_second_derivative, (Context & context, PenaltyOn head, MatrixView<const T> logits,
                                     const T* scale, MatrixView<T> tangent_linear, MatrixView<T> out))

}  // namespace sparcell
