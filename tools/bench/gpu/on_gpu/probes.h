// Kernels that only measure.
#pragma once

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell::bench_gpu {

/// One thread that does nothing.
void launch_empty(Context& context);
/// Adds 1 so many times, to all counters in turn.
void launch_atomics(Context& context, std::span<float> counters, std::int64_t additions);
/// sums(0, g) += values of gene g, sums(1, g) += their squares.
void launch_moments(Context& context, CsrView<const float> x, std::int64_t entries, double* sums);

}  // namespace sparcell::bench_gpu
