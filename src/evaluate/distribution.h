// The distribution of every gene over cells: means, variances and zeros.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/core/matrix.h"

namespace sparcell {

/// |x| below this counts as zero: a linear output layer is never exactly 0.
inline constexpr float near_zero = 0.05f;

struct GeneDistribution {
  std::vector<double> mean, variance;  ///< divisor n - 1; NaN for one cell
  std::vector<double> zero_fraction, exact_zero_fraction;
};

/// From distribution_moments of `cells` cells about `shift`.
GeneDistribution gene_distribution(const Matrix<double>& moments, std::int64_t cells,
                                   std::span<const double> shift);

struct DistributionScores {
  double zero_fraction_error = 0;        ///< mean over genes of |P(|x| < 0.05) - P(real |x| < 0.05)|
  double exact_zero_fraction_error = 0;  ///< mean over genes of |P(x = 0) - P(real x = 0)|
  double mean_pearson_squared = 0;  ///< squared correlation of the genes' means; NaN where either is constant
  double variance_ratio =
      0;  ///< mean over genes of the variance, over that of real cells; NaN where that is 0
};

DistributionScores compare(const GeneDistribution& generated, const GeneDistribution& real);

}  // namespace sparcell
