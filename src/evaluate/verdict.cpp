#include "evaluate/verdict.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "evaluate/averages.h"
#include "evaluate/standing.h"
#include "evaluate/student_t.h"
#include "math/philox.h"
#include "sparcell/evaluate.h"

namespace sparcell {
namespace {

/// Linear interpolation between order statistics, as numpy.
double quantile(std::span<const double> sorted, double share) {
  const double position = share * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(position);
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  return sorted[below] + (position - static_cast<double>(below)) * (sorted[above] - sorted[below]);
}

/// Of the mean of the values.
double standard_error(std::span<const double> values, double mean) {
  const auto n = static_cast<double>(values.size());
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return std::sqrt(squares / (n - 1) / n);
}

/// A resample that is one value many times over lies infinitely far, but at the mean itself.
double in_errors(double difference, double error) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (error > 0) return difference / error;
  return difference == 0 ? 0 : std::copysign(infinity, difference);
}

}  // namespace

Interval bootstrap_interval(std::span<const double> differences, std::int64_t resamples, std::uint64_t seed) {
  const std::uint64_t count = differences.size();
  const auto n = static_cast<double>(count);
  const double mean = mean_of(differences), error = standard_error(differences, mean);
  std::vector<double> studentized, drawn(differences.size());
  for (std::int64_t r = 0; r < resamples; ++r) {
    const math::PhiloxStream stream(
        RandomStream(seed, Purpose::evaluation, evaluation_bootstrap, nullptr, r));
    double sum = 0;
    for (std::uint64_t first = 0; first < count; first += 4) {
      const math::PhiloxBlock block = stream.block(first / 4);
      for (std::uint64_t i = first; i < std::min(first + 4, count); ++i) {
        drawn[i] = differences[static_cast<std::uint64_t>(block.word[i % 4]) * count >> 32];
        sum += drawn[i];
      }
    }
    studentized.push_back(in_errors(sum / n - mean, standard_error(drawn, sum / n)));
  }
  std::sort(studentized.begin(), studentized.end());
  const double below = quantile(studentized, 0.025), above = quantile(studentized, 0.975);
  const Interval students = mean_interval(differences);
  if (!std::isfinite(below) || !std::isfinite(above)) return students;
  return {mean, std::min(students.low, mean - above * error), std::max(students.high, mean - below * error)};
}

Interval mean_interval(std::span<const double> differences) {
  const double mean = mean_of(differences);
  const double half = student_t_975(std::ssize(differences) - 1) * standard_error(differences, mean);
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
