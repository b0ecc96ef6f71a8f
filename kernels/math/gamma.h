// The negative binomial's log-probability in parts. With mean m and dispersion t (variance m + m^2 / t) that
// of a count c is -(zero(m, t) + rest(c, m, t)):
//     zero = t log(1 + m / t)                                            what every entry has
//     rest = c log((t + m) / m) + log c! - (lgamma(c + t) - lgamma(t))   0 where c is 0: of the few others
//     alone
// Gamma functions only meet as differences, which are sums of logarithms for small counts and Stirling's
// series for large ones, so that nothing cancels. f64: few entries need them, and their terms reach 1e5.
#pragma once

#include "math/elementary.h"

namespace sparcell::math {

namespace gamma {

inline constexpr double half_log_2pi = 0.91893853320467274178;
inline constexpr int shift = 8;           ///< from here on Stirling's series is exact to rounding
inline constexpr double few_counts = 12;  ///< up to here differences are sums

/// lgamma(x) - ((x - 1/2) log x - x + log(2 pi) / 2) and the same of digamma(x) - log x, for x >= 8
/// (Abramowitz and Stegun 6.1.41 and 6.3.18).
SPARCELL_HD double stirling_rest(double x) {
  const double y = 1 / x, z = y * y;
  double p = -3617.0 / 122400;
  p = p * z + 1.0 / 156;
  p = p * z - 691.0 / 360360;
  p = p * z + 1.0 / 1188;
  p = p * z - 1.0 / 1680;
  p = p * z + 1.0 / 1260;
  p = p * z - 1.0 / 360;
  p = p * z + 1.0 / 12;
  return p * y;
}
SPARCELL_HD double digamma_rest(double x) {
  const double y = 1 / x, z = y * y;
  double p = -3617.0 / 8160;
  p = p * z + 1.0 / 12;
  p = p * z - 691.0 / 32760;
  p = p * z + 1.0 / 132;
  p = p * z - 1.0 / 240;
  p = p * z + 1.0 / 252;
  p = p * z - 1.0 / 120;
  p = p * z + 1.0 / 12;
  return -y / 2 - p * z;
}

}  // namespace gamma

/// lgamma(t + c) - lgamma(t) and digamma(t + c) - digamma(t), for whole c >= 0 and t > 0.
struct GammaDifference {
  double log_gamma, digamma;
};
SPARCELL_HD GammaDifference gamma_difference(double c, double t) {
  GammaDifference d{0, 0};
  double product = 1;  // of at most few_counts or shift factors: far from overflow
  if (c <= gamma::few_counts) {
    for (double j = 0; j < c; ++j) {
      product *= t + j;
      d.digamma += 1 / (t + j);
    }
    d.log_gamma = log(product);
    return d;
  }
  for (int j = 0; j < gamma::shift; ++j) {
    product *= (t + c + j) / (t + j);
    d.digamma += c / ((t + j) * (t + c + j));
  }
  const double low = t + gamma::shift, high = low + c, growth = log1p(c / low);
  d.log_gamma = (low - 0.5) * growth + c * (log(high) - 1) + gamma::stirling_rest(high) -
                gamma::stirling_rest(low) - log(product);
  d.digamma += growth + gamma::digamma_rest(high) - gamma::digamma_rest(low);
  return d;
}

/// t log(1 + m / t).
template <class T>
SPARCELL_HD T negative_binomial_zero(T m, T t) {
  return t * log1p(m / t);
}

/// What a count c > 0 adds to minus the log-probability, and to its derivative by log t; that by log m is
/// -c t / (t + m).
struct CountTerms {
  double loss, by_log_dispersion;
};
SPARCELL_HD CountTerms negative_binomial_rest(double c, double m, double t) {
  const GammaDifference d = gamma_difference(c, t), factorial = gamma_difference(c, 1);
  return {c * log1p(t / m) + factorial.log_gamma - d.log_gamma, t * (c / (t + m) - d.digamma)};
}

}  // namespace sparcell::math
