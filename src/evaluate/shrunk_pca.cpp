#include <algorithm>
#include <limits>

#include "evaluate/pca.h"

namespace sparcell {
namespace {

constexpr int shares = 10;     // of the diagonal that are tried: 0, 0.1 ... 0.9
constexpr int most_worse = 2;  // shares in a row that are no better than the best end the search

/// What the components leave of the squared distances from the mean: they are orthonormal, so that is what is
/// not in the scores. Without the distances themselves, which all components share.
double unexplained(const Matrix<float>& scores) {
  double sum = 0;
  for (const float score : scores.values) sum -= static_cast<double>(score) * score;
  return sum;
}

Matrix<double> shrunk(const Matrix<double>& covariance, double share) {
  Matrix<double> out = covariance;
  for (double& value : out.values) value *= 1 - share;
  for (std::int64_t g = 0; g < out.rows; ++g) out(g, g) = covariance(g, g);
  return out;
}

}  // namespace

PrincipalComponents fit_shrunk_pca(Context& context, const Csr<float>& x, std::span<const std::int32_t> train,
                                   std::span<const std::int32_t> validation, std::int64_t components,
                                   Log& log) {
  require(!validation.empty(), "a shrinkage is chosen without validation cells");
  const Covariance covariance(context, x, train);
  const Matrix<double> values = covariance.to_host();
  const std::int64_t most = std::min({components, covariance.cells() - 1, x.cols});
  PrincipalComponents best;
  double least = std::numeric_limits<double>::infinity(), chosen = 0;
  for (int step = 0, worse = 0; step < shares && worse < most_worse; ++step) {
    const double share = static_cast<double>(step) / shares;
    const DeviceMatrix<double> tried(context, shrunk(values, share));
    PrincipalComponents pca = components_of(context, tried.view(), covariance.mean(), most);
    const double left = unexplained(pca.transform(context, x, validation));
    if (left >= least) {
      ++worse;
      continue;
    }
    worse = 0;
    least = left;
    chosen = share;
    best = std::move(pca);
  }
  best.variance = variance_of(best.transform(context, x, train));
  log.info("shrunk PCA: {} components, {:.1f} of the diagonal", best.components.rows, chosen);
  return best;
}

}  // namespace sparcell
