// What the seeds of a configuration found together: sweeps rank configurations, not lucky seeds.
#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "evaluate/spread.h"
#include "evaluate/verdict.h"
#include "sweep/results.h"

namespace sparcell {

/// Runs of a sweep that differ in their seed only (Job::configuration).
struct Configuration {
  std::int64_t number = 0;
  std::vector<const RunOutcome*> runs;
  std::size_t measured = 0;                   ///< finished runs with a metric
  Spread spread{std::nan(""), std::nan("")};  ///< of the metric over those
  std::size_t rank = 0;                       ///< of complete ones, from 1; equal means have equal ranks
  /// Of complete ones but the first: its metric less the first one's over the seeds of both, with the
  /// interval of the mean over seeds. It is too narrow by what the first owes to having been chosen by these
  /// numbers.
  std::optional<Interval> from_best;

  const Job& job() const { return runs.front()->job; }
  /// Whether every seed counts in the mean. A mean over the seeds that did not fail is a better one than the
  /// configuration deserves, so only these are ranked.
  bool complete() const { return measured == runs.size(); }
  std::size_t count(RunPhase phase) const;
};

/// The complete ones first, the best of them first; then the others by the mean over the seeds that they
/// have; equal ones in their order. The outcomes must outlive them.
std::vector<Configuration> configurations_of(const std::vector<RunOutcome>& outcomes, bool smaller_is_better);

/// Whether any of them has several runs.
bool have_seeds(const std::vector<Configuration>& configurations);

/// "3", or what became of the others: "2 of 3, 1 failed".
std::string seeds_text(const Configuration& configuration);

/// configurations.csv, in this order: rank (of complete ones), configuration, arm, runs, done, failed,
/// parameters, metric_mean, metric_sd, folders, from_best with its interval (difference, low, high),
/// metric_key (what all of that is of).
void write_configurations(const std::string& path, const std::vector<Configuration>& configurations,
                          const std::string& metric_key);

}  // namespace sparcell
