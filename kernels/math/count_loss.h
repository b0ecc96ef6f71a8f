// The losses of ops/likelihood.h for one entry, with derivatives.
#pragma once

#include "math/activation.h"
#include "math/gamma.h"

namespace sparcell::math {

/// A log mean or log dispersion within its bounds, and whether it was.
template <class T>
struct Bounded {
  T log, value;
  T inside;  ///< 1, or 0 where the derivative vanishes
};
template <class T>
SPARCELL_HD Bounded<T> bounded(T log_value, T lowest, T highest) {
  const T log = log_value < lowest ? lowest : (log_value > highest ? highest : log_value);
  return {log, exp(log), log_value >= lowest && log_value <= highest ? T(1) : T(0)};
}
template <class T>
SPARCELL_HD Bounded<T> bounded_mean(T log_mean) {
  return bounded(log_mean, T(-11.512925464970229), T(13.815510557964274));  // 1e-5, 1e6
}
template <class T>
SPARCELL_HD Bounded<T> bounded_dispersion(T log_dispersion) {
  return bounded(log_dispersion, T(-9.2103403719761836), T(9.2103403719761836));  // 1e-4, 1e4
}

/// Minus the log-probability of an entry, with its derivatives.
template <class T>
struct EntryLoss {
  T loss, by_log_mean, by_gate, by_log_dispersion;
};

/// Of a count of 0.
template <bool gate, class T>
SPARCELL_HD EntryLoss<T> loss_of_zero(T log_mean, T log_dispersion, T logit) {
  const Bounded<T> m = bounded_mean(log_mean), t = bounded_dispersion(log_dispersion);
  const T ratio = m.value / t.value, zero = t.value * log1p(ratio), share = m.value / (T(1) + ratio);
  if constexpr (!gate) {
    return {zero, m.inside * share, T(0), t.inside * (zero - share)};
  } else {
    const T always = sigmoid(logit + zero);  // the probability that the zero is one of the gate's
    const T drawn = T(1) - always;
    return {zero + softplus(logit) - softplus(logit + zero), m.inside * drawn * share,
            sigmoid(logit) - always, t.inside * drawn * (zero - share)};
  }
}

/// Of a count above 0.
template <bool gate>
SPARCELL_HD EntryLoss<double> loss_of_count(double count, double log_mean, double log_dispersion,
                                            double logit) {
  const Bounded<double> m = bounded_mean(log_mean), t = bounded_dispersion(log_dispersion);
  const double zero = negative_binomial_zero(m.value, t.value),
               share = m.value * t.value / (m.value + t.value);
  const CountTerms rest = negative_binomial_rest(count, m.value, t.value);
  EntryLoss<double> out{zero + rest.loss, m.inside * (m.value - count) * t.value / (m.value + t.value), 0,
                        t.inside * (zero - share + rest.by_log_dispersion)};
  if constexpr (gate) {
    out.loss += softplus(logit);
    out.by_gate = sigmoid(logit);
  }
  return out;
}

/// Minus the log-density of a normal distribution at distance d from its mean.
template <class T>
struct GaussianLoss {
  T loss, by_prediction, by_log_variance;
};
template <class T>
SPARCELL_HD GaussianLoss<T> gaussian_loss(T d, T log_variance) {
  const T precision = exp(-log_variance), square = d * d * precision;
  return {T(0.5) * (square + log_variance) + T(gamma::half_log_2pi), d * precision, T(0.5) * (T(1) - square)};
}

}  // namespace sparcell::math
