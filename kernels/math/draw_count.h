// Counts by inversion of the negative binomial's distribution function.
#pragma once

#include <cmath>

namespace sparcell::math {

/// The count whose distribution function first reaches a uniform number, which word(0) of 32 bits gives;
/// where the probability of zero underflows, word(1) ... too: a sum of draws of shares of mean and dispersion
/// has the same distribution.
template <class Word>
double draw_count(double mean, double dispersion, Word&& word) {
  constexpr double lowest = -600;  // of the log of a probability that may be a start
  const double log_zero = -dispersion * std::log1p(mean / dispersion);
  const double parts = log_zero < lowest ? std::ceil(log_zero / lowest) : 1;
  const double ratio = mean / (mean + dispersion), start = std::exp(log_zero / parts),
               size = dispersion / parts;
  double sum = 0;
  for (int part = 0; part < static_cast<int>(parts); ++part) {
    const double u = (static_cast<double>(word(part)) + 0.5) * 0x1p-32;
    double probability = start, reached = start, k = 0;
    while (reached < u && (k < mean || probability > 1e-16)) {
      probability *= ratio * (k + size) / (k + 1);
      reached += probability;
      ++k;
    }
    sum += k;
  }
  return sum;
}

}  // namespace sparcell::math
