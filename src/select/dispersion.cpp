#include "select/dispersion.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double least_mean = 1e-12;  // stands for a mean of 0, so that the ratio exists

/// Genes by bin: bin b holds edges[b] < mean <= edges[b + 1].
std::vector<std::vector<std::size_t>> bin(std::span<const double> mean, const std::vector<double>& edges) {
  std::vector<std::vector<std::size_t>> bins(edges.size() - 1);
  for (std::size_t g = 0; g < mean.size(); ++g) {
    const auto edge = std::lower_bound(edges.begin(), edges.end(), mean[g]) - edges.begin();
    if (edge > 0 && edge < static_cast<std::ptrdiff_t>(edges.size())) bins[edge - 1].push_back(g);
  }
  return bins;
}

/// Edges of `count` equal bins, the lowest a little below the smallest value (pandas.cut).
std::vector<double> equal_bins(std::span<const double> values, int count) {
  const auto [smallest, largest] = std::minmax_element(values.begin(), values.end());
  double low = *smallest, high = *largest;
  const bool constant = low == high;
  if (constant) {
    low -= low != 0 ? 0.001 * std::abs(low) : 0.001;
    high += high != 0 ? 0.001 * std::abs(high) : 0.001;
  }
  std::vector<double> edges(static_cast<std::size_t>(count) + 1);
  const double step = (high - low) / count;
  for (int i = 0; i < count; ++i) edges[i] = i * step + low;
  edges[count] = high;
  if (!constant) edges[0] -= (high - low) * 0.001;
  return edges;
}

double median(std::vector<double> values) {
  if (values.empty()) return nan;
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

/// numpy.percentile of sorted values.
double percentile(const std::vector<double>& sorted, double percent) {
  const double position = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double t = position - static_cast<double>(below), step = sorted[above] - sorted[below];
  return t < 0.5 ? sorted[below] + step * t : sorted[above] - step * (1 - t);
}

std::vector<double> percentile_bins(std::span<const double> values) {
  std::vector<double> sorted(values.begin(), values.end());
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> edges{-std::numeric_limits<double>::infinity()};
  for (int percent = 10; percent <= 100; percent += 5) edges.push_back(percentile(sorted, percent));
  edges.push_back(std::numeric_limits<double>::infinity());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  return edges;
}

std::vector<double> ratios(std::vector<double>& mean, std::span<const double> variance) {
  std::vector<double> dispersion(mean.size());
  for (std::size_t g = 0; g < mean.size(); ++g) {
    if (mean[g] == 0) mean[g] = least_mean;
    dispersion[g] = variance[g] / mean[g];
  }
  return dispersion;
}

}  // namespace

std::vector<double> seurat_dispersions(std::vector<double> mean, std::span<const double> variance) {
  constexpr int bin_count = 20;
  std::vector<double> dispersion = ratios(mean, variance);
  for (double& d : dispersion) d = d == 0 ? nan : std::log(d);
  for (double& m : mean) m = std::log1p(m);
  std::vector<double> normalized(mean.size(), nan);
  for (const std::vector<std::size_t>& genes : bin(mean, equal_bins(mean, bin_count))) {
    double count = 0, center = 0, squares = 0;
    for (std::size_t g : genes) {
      if (std::isnan(dispersion[g])) continue;
      ++count;
      const double delta = dispersion[g] - center;
      center += delta / count;
      squares += delta * (dispersion[g] - center);
    }
    double deviation = std::sqrt(squares / (count - 1));
    if (count == 1) {
      deviation = center;
      center = 0;
    }
    for (std::size_t g : genes) normalized[g] = (dispersion[g] - center) / deviation;
  }
  return normalized;
}

std::vector<double> cell_ranger_dispersions(std::vector<double> mean, std::span<const double> variance) {
  constexpr double normal_quantile =
      0.6744897501960817;  // 75 %: makes the deviation that of a normal distribution
  const std::vector<double> dispersion = ratios(mean, variance);
  std::vector<double> normalized(mean.size(), nan);
  for (const std::vector<std::size_t>& genes : bin(mean, percentile_bins(mean))) {
    std::vector<double> values;
    for (std::size_t g : genes) values.push_back(dispersion[g]);
    const double center = median(values);
    for (double& v : values) v = std::abs(v - center);
    const double deviation = median(std::move(values)) / normal_quantile;
    for (std::size_t g : genes) normalized[g] = (dispersion[g] - center) / deviation;
  }
  return normalized;
}

}  // namespace sparcell
