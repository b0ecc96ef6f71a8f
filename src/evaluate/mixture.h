// A mixture of Gaussians: a prior that has learnt where latent values lie.
#pragma once

#include <cstdint>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell {

/// Components with weights, means and covariances, these as lower Cholesky factors.
struct GaussianMixture {
  std::vector<double> weights;
  Matrix<double> means;  ///< components x dimensions
  std::vector<Matrix<double>> factors;
  double log_likelihood = 0;  ///< mean over the rows that it was fitted to
  std::int64_t iterations = 0;

  /// Turns rows of standard normal numbers into rows of the mixture: row r is number first + r of the sample
  /// of `seed`, which decides its component.
  void move(std::uint64_t seed, std::int64_t first, Matrix<float>& rows) const;
};

/// Maximum likelihood by expectation and maximization (Dempster, Laird and Rubin 1977) from the clusters of
/// k-means, until the mean log-likelihood of a row gains less than 1e-4, at most 200 times; 1e-6 is added to
/// variances (scikit-learn's GaussianMixture). Requires: 1 <= components <= rows.
GaussianMixture fit_mixture(Context& context, const Matrix<float>& x, std::int64_t components,
                            std::uint64_t seed);

}  // namespace sparcell
