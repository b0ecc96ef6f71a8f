#include "evaluate/distribution.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/averages.h"
#include "sparcell/ops/distribution.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double mean_absolute_difference(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::abs(a[i] - b[i]);
  return sum / static_cast<double>(a.size());
}

/// Whether values differ by more than rounding: the means of constant genes do not.
bool varies(std::span<const double> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low > 1e-12 * std::max(std::abs(*low), std::abs(*high));
}

double squared_correlation(std::span<const double> a, std::span<const double> b) {
  if (!varies(a) || !varies(b)) return nan;
  const double mean_a = mean_of(a), mean_b = mean_of(b);
  double aa = 0, bb = 0, ab = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    aa += (a[i] - mean_a) * (a[i] - mean_a);
    bb += (b[i] - mean_b) * (b[i] - mean_b);
    ab += (a[i] - mean_a) * (b[i] - mean_b);
  }
  return ab * ab / (aa * bb);
}

}  // namespace

GeneDistribution gene_distribution(const Matrix<double>& moments, std::int64_t cells,
                                   std::span<const double> shift) {
  GeneDistribution d;
  const auto n = static_cast<double>(cells);
  const auto of = [&](DistributionMoment moment, std::int64_t g) {
    return moments(static_cast<int>(moment), g);
  };
  for (std::int64_t g = 0; g < moments.cols; ++g) {
    const double sum = of(DistributionMoment::deviation, g),
                 squares = of(DistributionMoment::deviation_squared, g);
    d.mean.push_back(shift[g] + sum / n);
    d.variance.push_back(cells > 1 ? std::max(0.0, squares - sum * sum / n) / (n - 1) : nan);
    d.zero_fraction.push_back(of(DistributionMoment::near_zero, g) / n);
    d.exact_zero_fraction.push_back(of(DistributionMoment::exact_zero, g) / n);
  }
  return d;
}

DistributionScores compare(const GeneDistribution& generated, const GeneDistribution& real) {
  DistributionScores scores;
  scores.zero_fraction_error = mean_absolute_difference(generated.zero_fraction, real.zero_fraction);
  scores.exact_zero_fraction_error =
      mean_absolute_difference(generated.exact_zero_fraction, real.exact_zero_fraction);
  scores.mean_pearson_squared = squared_correlation(generated.mean, real.mean);
  const double real_variance = mean_of(real.variance);
  scores.variance_ratio = real_variance > 0 ? mean_of(generated.variance) / real_variance : nan;
  return scores;
}

}  // namespace sparcell
