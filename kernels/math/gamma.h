// The negative binomial's log-probability in parts. With mean m and dispersion t (variance m + m^2 / t) that
// of a count c is -(zero(m, t) + rest(c, m, t)):
//     zero = t log(1 + m / t)                                            what every entry has
//     rest = c log((t + m) / m) + log c! - (lgamma(c + t) - lgamma(t))   0 where c is 0: of the few others
//     alone
// Gamma functions only meet as differences, which are products for small counts and Stirling's series for
// large ones, so that nothing cancels. f64: few entries need them, and their terms reach 1e5.
#pragma once

#include "math/log.h"

namespace sparcell::math {

namespace gamma {

inline constexpr double half_log_2pi = 0.91893853320467274178;
inline constexpr int shift = 8;           ///< from here on Stirling's series is exact to rounding
inline constexpr double few_counts = 12;  ///< up to here differences are sums
inline constexpr int small_counts = 10;   ///< up to here products of them stay within f32

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

/// What a count adds to minus the log-probability, and to its derivative by log t; that by log m is
/// -c t / (t + m).
struct CountTerms {
  double loss, by_log_dispersion;
};

/// Products over j = 0, 1, ... c - 1 for a count c up to few_counts, so that one logarithm is enough:
///     probability of (t + j) m / ((j + 1) (t + m)), which is e^-rest
///     rising      of t + j, with its derivative by t
/// For means and dispersions within the bounds of ops/likelihood.h they stay between 1e-70 and 1e70.
struct FewCounts {
  double probability = 1, rising = 1, slope = 0;

  /// The factor of j; `share` is m / (t + m).
  SPARCELL_HD void take(double j, double t, double share) {
    const double factor = t + j;
    slope = slope * factor + rising;
    rising *= factor;
    probability *= factor * share * (1 / (j + 1));
  }
  SPARCELL_HD CountTerms terms(double c, double m, double t) const {
    return {-log_of_normal(probability), t * (c / (t + m) - slope / rising)};
  }
};

/// The same for counts from 1 to small_counts, in f32 too: with q = m / (t + m) and s = t q
///     e^-rest = s^c growth, growth = the product over j = 1, ... c - 1 of (1 + j / t) / (j + 1)
/// and the rest's derivative by log t is sum / growth - c q, the first the sum over those j of j / (t + j). A
/// Number may be a vector of them.
template <class Number>
struct SmallCounts {
  Number growth = Number{} + 1, sum = Number{};

  /// The factor of j, `inverse` is 1 / t, `slope` j / (j + 1) and `at_0` 1 / (j + 1). Where it does not
  /// `count` all stays as it is.
  template <class Scalar, class Condition>
  SPARCELL_HD void take(const Condition& count, const Number& inverse, Scalar slope, Scalar at_0) {
    const Number more = inverse * slope, factor = more + at_0;
    sum = count ? sum * factor + growth * more : sum;
    growth = count ? growth * factor : growth;
  }
};

/// lgamma(t + c) - lgamma(t) and digamma(t + c) - digamma(t), for whole c >= 0 and t > 0.
struct GammaDifference {
  double log_gamma, digamma;
};
SPARCELL_HD GammaDifference gamma_difference_of_many(double c, double t) {
  // Of t + j and t + c + j for j below the shift: the products, up to 1e80, and the sum of 1 / (their
  // product).
  double high_product = 1, both = 1, sum = 0;
  for (int j = 0; j < gamma::shift; ++j) {
    const double high = t + c + j, pair = (t + j) * high;
    high_product *= high;
    sum = sum * pair + both;
    both *= pair;
  }
  const double inverse = 1 / both, product = high_product * (high_product * inverse);
  GammaDifference d{0, c * (sum * inverse)};
  const double low = t + gamma::shift, high = low + c, growth = log1p_of_positive(c / low);
  d.log_gamma = (low - 0.5) * growth + c * (log_of_normal(high) - 1) + gamma::stirling_rest(high) -
                gamma::stirling_rest(low) - log_of_normal(product);
  d.digamma += growth + gamma::digamma_rest(high) - gamma::digamma_rest(low);
  return d;
}
SPARCELL_HD GammaDifference gamma_difference(double c, double t) {
  if (c > gamma::few_counts) return gamma_difference_of_many(c, t);
  FewCounts few;
  for (double j = 0; j < c; ++j) few.take(j, t, 1);
  return {log_of_normal(few.rising), few.slope / few.rising};
}

/// log c! for c >= small_counts.
SPARCELL_HD double log_factorial_of_many(double c) {
  const double x = c + 1;
  return (x - 0.5) * log_of_normal(x) - x + gamma::half_log_2pi + gamma::stirling_rest(x);
}

/// t log(1 + m / t).
template <class T>
SPARCELL_HD T negative_binomial_zero(T m, T t) {
  return t * log1p(m / t);
}

SPARCELL_HD CountTerms rest_of_many(double c, double m, double t) {
  const GammaDifference d = gamma_difference_of_many(c, t);
  return {c * log1p_of_positive(t / m) + log_factorial_of_many(c) - d.log_gamma,
          t * (c / (t + m) - d.digamma)};
}
SPARCELL_HD CountTerms negative_binomial_rest(double c, double m, double t) {
  if (c > gamma::few_counts) return rest_of_many(c, m, t);
  FewCounts few;
  const double share = m / (t + m);
  for (double j = 0; j < c; ++j) few.take(j, t, share);
  return few.terms(c, m, t);
}

}  // namespace sparcell::math
