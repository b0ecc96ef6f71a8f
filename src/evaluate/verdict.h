// Intervals of paired differences.
#pragma once

#include <cstdint>
#include <span>

namespace sparcell {

/// Streams of Purpose::evaluation.
enum EvaluationStream : std::uint32_t {
  evaluation_groups,
  evaluation_halving,
  evaluation_bootstrap,
  evaluation_permutation,
  evaluation_directions,
  evaluation_baseline,  ///< and the ones behind it: a stream for each baseline that generates
  evaluation_clusters = 16,
  evaluation_validation = 255,
};

struct Interval {
  double value = 0;
  double low = 0;  ///< of 95 %
  double high = 0;
};

/// The mean of paired differences and its interval, at each end the wider of two: Student's, and mean - t s /
/// sqrt(n) with t the quantiles of (resample's mean - mean) / (resample's own s / sqrt(n)) over `resamples`
/// bootstrap samples of the pairs (bootstrap-t: Efron and Tibshirani 1993, chapter 12.5). Differences of
/// errors are skewed, where Student's interval and the percentiles of means lie on the wrong side of the
/// truth too often; where two models are equally good they have heavy tails, where bootstrap-t does
/// (tools/bench/MEASURED.md). Student's alone where resamples without variance are among the quantiles: of
/// few values that differ. Needs two.
Interval bootstrap_interval(std::span<const double> differences, std::int64_t resamples, std::uint64_t seed);

/// The same mean -+ t s / sqrt(n), t of n - 1 degrees of freedom: over seeds, which are too few to resample,
/// and of differences of a few kinds, such as right less wrong. Needs two.
Interval mean_interval(std::span<const double> differences);

/// The delete-a-group jackknife (Kott 2001, "The delete-a-group jackknife", Journal of Official Statistics
/// 17): `replicates` are the statistic without each group in turn; value -+ t s, s^2 = (G - 1) / G * sum
/// (replicate - mean)^2, t of G - 1 degrees of freedom. Valid for U-statistics such as unbiased distances,
/// where the bootstrap is not: it draws cells twice, whose distance 0 lowers the distances within a sample.
/// Where the true distance is 0 the U-statistic is degenerate and the jackknife's variance about twice too
/// large: a careful interval.
Interval jackknife_interval(double value, std::span<const double> replicates);

}  // namespace sparcell
