#include "select/scores.h"

#include <algorithm>
#include <cmath>

#include "select/dispersion.h"
#include "select/loess.h"
#include "sparcell/ops/gene_moments.h"

namespace sparcell {
namespace {

struct Moments {
  std::vector<double> mean, variance;
};

Moments moments_of(Context& context, const PlacedCsr& x, std::span<const std::int32_t> cells, MomentsOf of,
                   std::span<const double> clip = {}) {
  const std::int64_t genes = x.view().cols;
  const Buffer<double> mean(context, genes), variance(context, genes);
  gene_moments<float>(context, x.view(), Placed(context, cells).span(), of, Placed(context, clip).span(),
                      mean.span(), variance.span());
  return {mean.to_host(), variance.to_host()};
}

/// From divisor n to n - 1.
void unbias(std::vector<double>& variance, std::size_t cells) {
  if (cells < 2) return;
  const auto n = static_cast<double>(cells);
  for (double& v : variance) v *= n / (n - 1);
}

/// Dispersions are ratios to the mean: they need values that are not negative and, for seurat, not beyond any
/// logarithm.
void need_log_normalized(const Moments& m, const char* flavor) {
  const auto senseless = [](double mean) { return !std::isfinite(mean) || mean < 0; };
  const auto found = std::find_if(m.mean.begin(), m.mean.end(), senseless);
  if (found == m.mean.end()) return;
  throw DataError(
      "select.flavor {} needs log-normalized values, but gene {} has {}; "
      "normalize the counts with log1p: true, or take flavor variance",
      flavor, found - m.mean.begin(), std::isfinite(*found) ? "a negative mean" : "values above 88");
}

}  // namespace

std::vector<double> variance_scores(Context& context, const PlacedCsr& normalized,
                                    std::span<const std::int32_t> cells) {
  return moments_of(context, normalized, cells, MomentsOf::values).variance;
}

std::vector<double> seurat_scores(Context& context, const PlacedCsr& normalized,
                                  std::span<const std::int32_t> cells) {
  Moments m = moments_of(context, normalized, cells, MomentsOf::expm1);
  need_log_normalized(m, "seurat");
  unbias(m.variance, cells.size());
  return seurat_dispersions(std::move(m.mean), m.variance);
}

std::vector<double> cell_ranger_scores(Context& context, const PlacedCsr& normalized,
                                       std::span<const std::int32_t> cells) {
  Moments m = moments_of(context, normalized, cells, MomentsOf::values);
  need_log_normalized(m, "cell_ranger");
  unbias(m.variance, cells.size());
  return cell_ranger_dispersions(std::move(m.mean), m.variance);
}

std::vector<double> seurat_v3_scores(Context& context, const PlacedCsr& counts,
                                     std::span<const std::int32_t> cells) {
  constexpr double span = 0.3;
  Moments m = moments_of(context, counts, cells, MomentsOf::values);
  unbias(m.variance, cells.size());
  const std::size_t genes = m.mean.size();
  std::vector<std::size_t> varying;
  std::vector<double> log_mean, log_variance;
  for (std::size_t g = 0; g < genes; ++g) {
    if (!(m.variance[g] > 0)) continue;
    varying.push_back(g);
    log_mean.push_back(std::log10(m.mean[g]));
    log_variance.push_back(std::log10(m.variance[g]));
  }
  std::vector<double> trend;
  try {
    trend = loess(log_mean, log_variance, span);
  } catch (const DataError& error) {
    throw DataError(
        "select.flavor seurat_v3: {} (of log10 mean counts, {} varying genes); "
        "leave out genes that few cells have with filter.min_cells, or take another flavor",
        error.what(), varying.size());
  }
  std::vector<double> expected(genes, 1.0), clip(genes);
  for (std::size_t i = 0; i < varying.size(); ++i) expected[varying[i]] = std::pow(10.0, trend[i]);
  const auto n = static_cast<double>(cells.size());
  for (std::size_t g = 0; g < genes; ++g) clip[g] = std::sqrt(expected[g]) * std::sqrt(n) + m.mean[g];
  const Moments clipped = moments_of(context, counts, cells, MomentsOf::values, clip);
  std::vector<double> scores(genes);
  for (std::size_t g = 0; g < genes; ++g) {
    // The sum of squares about the mean of the counts as they are, from moments about the clipped counts' own
    // mean.
    const double shift = clipped.mean[g] - m.mean[g];
    scores[g] = n * (clipped.variance[g] + shift * shift) / ((n - 1) * expected[g]);
  }
  return scores;
}

}  // namespace sparcell
