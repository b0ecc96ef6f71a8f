#include "evaluate/verdict.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "evaluate/standing.h"
#include "evaluate/student_t.h"
#include "math/philox.h"
#include "sparcell/evaluate.h"

namespace sparcell {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Linear interpolation between order statistics, as numpy.
double quantile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

}  // namespace

Interval bootstrap_interval(std::span<const double> differences, std::int64_t resamples, std::uint64_t seed) {
  const std::uint64_t count = differences.size();
  std::vector<double> means;
  for (std::int64_t r = 0; r < resamples; ++r) {
    const math::PhiloxStream stream(
        RandomStream(seed, Purpose::evaluation, evaluation_bootstrap, nullptr, r));
    double sum = 0;
    for (std::uint64_t first = 0; first < count; first += 4) {
      const math::PhiloxBlock block = stream.block(first / 4);
      for (std::uint64_t i = first; i < std::min(first + 4, count); ++i) {
        sum += differences[static_cast<std::uint64_t>(block.word[i % 4]) * count >> 32];
      }
    }
    means.push_back(sum / static_cast<double>(count));
  }
  std::sort(means.begin(), means.end());
  return {mean_of(differences), quantile(means, 0.025), quantile(means, 0.975)};
}

Interval mean_interval(std::span<const double> differences) {
  const auto n = static_cast<double>(differences.size());
  const double mean = mean_of(differences);
  double squares = 0;
  for (const double difference : differences) squares += (difference - mean) * (difference - mean);
  const double half = student_t_975(std::ssize(differences) - 1) * std::sqrt(squares / (n - 1) / n);
  return {mean, mean - half, mean + half};
}

Interval jackknife_interval(double value, std::span<const double> replicates) {
  const auto groups = static_cast<double>(replicates.size());
  const double mean = mean_of(replicates);
  double squares = 0;
  for (double replicate : replicates) squares += (replicate - mean) * (replicate - mean);
  const double half = student_t_975(static_cast<std::int64_t>(replicates.size()) - 1) *
                      std::sqrt((groups - 1) / groups * squares);
  return {value, value - half, value + half};
}

std::string verdict_sentence(const Verdict& verdict) {
  const bool told = verdict.p_value && *verdict.p_value <= told_apart;
  const std::string numbers = fmt::format(
      "difference {:.4g}, 95 % interval {:.4g} to {:.4g}, {}one seed", verdict.difference, verdict.low,
      verdict.high, verdict.p_value ? fmt::format("permutation p = {:.2g}, ", *verdict.p_value) : "");
  const std::string reason = told                                    ? "the two are told apart"
                             : verdict.low <= 0 && verdict.high >= 0 ? "the interval holds 0"
                                                                     : "it is worse";
  return verdict.beats ? fmt::format("{} beats {} on {} ({}).", verdict.model, verdict.baseline,
                                     verdict.metric, numbers)
                       : fmt::format("{} does not beat {} on {}: {} ({}).", verdict.model, verdict.baseline,
                                     verdict.metric, reason, numbers);
}

}  // namespace sparcell
