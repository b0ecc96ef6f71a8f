// Means, and differences of values that belong together.
#pragma once

#include <cmath>
#include <span>
#include <vector>

namespace sparcell {

/// NaN of none.
inline double mean_of(std::span<const double> values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// a - b of the pairs of which both are numbers. Requires: as many of b.
inline std::vector<double> paired_differences(std::span<const double> a, std::span<const double> b) {
  std::vector<double> differences;
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (!std::isnan(a[i]) && !std::isnan(b[i])) differences.push_back(a[i] - b[i]);
  }
  return differences;
}

}  // namespace sparcell
