// What the distribution of every gene over cells looks like: sums per gene, in f64 whatever T is.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// The rows of distribution_moments' output; deviations are from `shift`.
enum class DistributionMoment { deviation, deviation_squared, near_zero, exact_zero };
inline constexpr std::int64_t distribution_moments_count = 4;

/// Accumulates over the rows of a block, per gene: moments(m, g) += the sum of deviations, of their squares,
/// the number of values with |x| < threshold, the number of zeros. `shift` should be near the mean: variances
/// are made from these sums and would cancel otherwise. The result does not depend on the number of threads.
/// Requires: shift has a value a gene, threshold > 0, moments is distribution_moments_count x genes.
SPARCELL_OP(distribution_moments, (Context & context, MatrixView<const T> cells,
                                   std::span<const double> shift, T threshold, MatrixView<double> moments))

}  // namespace sparcell
