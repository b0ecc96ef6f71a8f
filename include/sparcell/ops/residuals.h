// How far predicted cells are from real ones: sums per gene and per cell, in f64 whatever T is.
#pragma once

#include "sparcell/ops/moments_of.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// The rows of residual_moments' output. `real` and `predicted` are deviations from `shift`.
enum class ResidualMoment {
  squared_error,
  absolute_error,
  real,
  real_squared,
  predicted,
  predicted_squared,
  product,   ///< of real and predicted
  real_low,  ///< least value, not shifted: a gene is constant where low equals high, without rounding
  real_high,
  predicted_low,
  predicted_high,
};
inline constexpr std::int64_t residual_moments_count = 11;

/// Accumulates over the rows of a block, per gene: moments(m, g) += the sum of quantity m; low and high take
/// the minimum and maximum, so a first block needs +infinity and -infinity there. Of `expm1` values below 0
/// are taken as 0. `shift` should be near the real mean: variances are made from these sums and would cancel
/// otherwise. The result does not depend on the number of threads. Requires: real and predicted have the same
/// shape, shift has a value a gene, moments is residual_moments_count x genes.
SPARCELL_OP(residual_moments, (Context & context, MatrixView<const T> real, MatrixView<const T> predicted,
                               MomentsOf of, std::span<const double> shift, MatrixView<double> moments))

/// errors[i] = sum over genes of (predicted(i, g) - real(i, g))^2; not finite where a value of the row is
/// not. Requires: the same shape, an error for every row.
SPARCELL_OP(squared_errors, (Context & context, MatrixView<const T> real, MatrixView<const T> predicted,
                             std::span<double> errors))

}  // namespace sparcell
