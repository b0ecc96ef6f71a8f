// Optimizers over a whole arena of parameters.
#pragma once

#include "sparcell/ops/op.h"
#include "sparcell/ops/optimizer_options.h"

namespace sparcell {

/// Adam (Kingma and Ba 2015) as torch.optim.Adam, or AdamW (Loshchilov and Hutter 2019) with decoupled decay
/// as torch.optim.AdamW. The step's number is step + 1. Gradients are set to zero once they are used.
/// Requires: all spans have the same size; betas are two numbers of [0, 1).
SPARCELL_OP(adam_step, (Context & context, const OptimizerOptions& options, const T* learning_rate,
                        Counter step, std::span<T> parameters, std::span<T> gradients,
                        std::span<T> first_moment, std::span<T> second_moment))

/// *norm_sum += norm, norm = |gradients|; where max_norm > 0 and the norm is larger, gradients *= max_norm /
/// (norm + 1e-6), as torch.nn.utils.clip_grad_norm_.
SPARCELL_OP(clip_gradients, (Context & context, double max_norm, std::span<T> gradients, double* norm_sum))

/// average = d * average + (1 - d) * values with d = min(decay, s / (s + 10)), s = *step: the first step's
/// average is its values, and what an average began with is soon forgotten. Requires: both spans have the
/// same size; 0 <= decay < 1.
SPARCELL_OP(moving_average, (Context & context, double decay, const std::int64_t* step,
                             std::span<const T> values, std::span<T> average))

}  // namespace sparcell
