// The losses of ops/likelihood.h for one entry, with derivatives.
#pragma once

#include "math/activation.h"
#include "math/gamma.h"

namespace sparcell::math {

/// The exponential of a log mean or log dispersion within its bounds, and whether it was.
template <class T>
struct Bounded {
  T value;
  T inside;  ///< 1, or 0 where the derivative vanishes
};
/// math::clamped with conditions that do not wait for each other, which compilers make fewer masks of.
template <class T>
SPARCELL_HD T within(T x, T lowest, T highest) {
  const T above = x < lowest ? lowest : x;
  return x > highest ? highest : above;
}
template <class T>
SPARCELL_HD Bounded<T> bounded(T log_value, T log) {
  return {exp_within(log), log == log_value ? T(1) : T(0)};
}
template <class T>
SPARCELL_HD T bounded_log_mean(T log_mean) {
  return within(log_mean, T(-11.512925464970229), T(13.815510557964274));  // 1e-5, 1e6
}
template <class T>
SPARCELL_HD Bounded<T> bounded_mean(T log_mean) {
  return bounded(log_mean, bounded_log_mean(log_mean));
}
/// The same of a mean that is known, not its logarithm.
template <class T>
SPARCELL_HD Bounded<T> mean_within_bounds(T mean) {
  const T value = within(mean, T(1e-5), T(1e6));
  return {value, value == mean ? T(1) : T(0)};
}
template <class T>
SPARCELL_HD Bounded<T> bounded_dispersion(T log_dispersion) {
  return bounded(log_dispersion, clamped(log_dispersion, T(-9.2103403719761836),
                                         T(9.2103403719761836)));  // 1e-4, 1e4
}

/// Minus the log-probability of an entry, with its derivatives.
template <class T>
struct EntryLoss {
  T loss, by_log_mean, by_gate, by_log_dispersion;
};

/// What a count of 0 is made from: its mean, that over the dispersion, and minus its log-probability where no
/// gate makes zeros.
template <class T>
struct ZeroCount {
  Bounded<T> mean;
  T ratio, loss;
};
template <class T>
SPARCELL_HD T zero_loss(T ratio, T dispersion) {
  return dispersion * log1p_within(ratio);
}
template <class T>
SPARCELL_HD ZeroCount<T> zero_count(T log_mean, T dispersion) {
  const Bounded<T> m = bounded_mean(log_mean);
  const T ratio = m.value / dispersion;
  return {m, ratio, zero_loss(ratio, dispersion)};
}
/// The derivative of that loss by the log mean.
template <class T>
SPARCELL_HD T zero_share(T mean, T ratio) {
  return mean / (T(1) + ratio);
}

/// A count of 0 under dispersion t, without a gate.
template <class T>
SPARCELL_HD EntryLoss<T> loss_of(const ZeroCount<T>& zero, T t_inside) {
  const T share = zero_share(zero.mean.value, zero.ratio);
  return {zero.loss, zero.mean.inside * share, T(0), t_inside * (zero.loss - share)};
}

/// What a gate in front of a zero is made from: e^-|logit|, and e^-|shut|, where sigmoid(shut) is how
/// probably the zero is the gate's. Neither can overflow.
template <class T>
struct GateExponentials {
  T of_logit, of_shut;
};
template <class T>
SPARCELL_HD GateExponentials<T> gate_exponentials(T zero_loss, T logit) {
  const T shut = logit + zero_loss, lowest = T(-87);
  const T below_0 = logit < T(0) ? logit : -logit, shut_below_0 = shut < T(0) ? shut : -shut;
  return {exp_within(below_0 < lowest ? lowest : below_0),
          exp_within(shut_below_0 < lowest ? lowest : shut_below_0)};
}

/// A count of 0 behind a gate. Its loss is that of `entry` and log(1 + rest).
template <class T>
struct GatedZero {
  EntryLoss<T> entry;
  T rest;
};
/// Sigmoids of logit and shut and the difference of their softplus are made of those exponentials, and all
/// reciprocals of one division.
template <class T>
SPARCELL_HD GatedZero<T> gated_zero(const ZeroCount<T>& zero, T t_inside, T logit, GateExponentials<T> e) {
  const T shut = logit + zero.loss, below = T(1) + zero.ratio;
  const T one_a = T(1) + e.of_logit, one_b = T(1) + e.of_shut, both = one_a * one_b,
          inverse = T(1) / (below * both);
  const T share = zero.mean.value * (inverse * both), inverse_b = inverse * (below * one_a);
  const T open = (logit < T(0) ? e.of_logit : T(1)) * (inverse * (below * one_b));
  const T always = (shut < T(0) ? e.of_shut : T(1)) * inverse_b,
          drawn = (shut < T(0) ? T(1) : e.of_shut) * inverse_b;
  const T higher = (logit > T(0) ? logit : T(0)) - (shut > T(0) ? shut : T(0));
  return {{zero.loss + higher, zero.mean.inside * drawn * share, open - always,
           t_inside * drawn * (zero.loss - share)},
          (e.of_logit - e.of_shut) * inverse_b};
}
template <class T>
SPARCELL_HD EntryLoss<T> loss_behind_gate(const ZeroCount<T>& zero, T t_inside, T logit) {
  GatedZero<T> gated = gated_zero(zero, t_inside, logit, gate_exponentials(zero.loss, logit));
  gated.entry.loss += log1p_within(gated.rest);
  return gated.entry;
}

/// Of a count of 0.
template <bool gate, class T>
SPARCELL_HD EntryLoss<T> loss_of_zero(T log_mean, Bounded<T> t, T logit) {
  const ZeroCount<T> zero = zero_count(log_mean, t.value);
  return gate ? loss_behind_gate(zero, t.inside, logit) : loss_of(zero, t.inside);
}

/// Of a count c above 0 under mean m and dispersion t, with what negative_binomial_rest says of it; a gate
/// adds softplus(logit), whatever the count.
SPARCELL_HD EntryLoss<double> loss_of_count(double c, double m, double t, CountTerms rest) {
  const double weight = t / (t + m), zero = t * log1p_of_positive(m / t, weight);
  return {zero + rest.loss, (m - c) * weight, 0, zero - m * weight + rest.by_log_dispersion};
}

/// A variance within its bounds.
template <class T>
struct Variance {
  T log, precision;
  T side;  ///< -1 below the bounds, 1 above, else 0
};
template <class T>
SPARCELL_HD Variance<T> bounded_variance(T log_variance) {
  constexpr T lowest = T(-13.815510557964274), highest = T(13.815510557964274);  // 1e-6, 1e6
  const T log = clamped(log_variance, lowest, highest);
  return {log, exp(-log), log_variance < lowest ? T(-1) : (log_variance > highest ? T(1) : T(0))};
}

/// Minus the log-density of a normal distribution at distance d from its mean.
template <class T>
struct GaussianLoss {
  T loss, by_prediction, by_log_variance;
};
template <class T>
SPARCELL_HD GaussianLoss<T> gaussian_loss(T d, const Variance<T>& variance) {
  const T square = d * d * variance.precision, by_log = T(0.5) * (T(1) - square);
  return {T(0.5) * (square + variance.log) + T(gamma::half_log_2pi), d * variance.precision,
          variance.side * by_log < T(0) ? T(0) : by_log};
}

}  // namespace sparcell::math
