#include "sweep/differences.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/csv.h"
#include "core/whole_file.h"
#include "evaluate/verdict.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

/// Values by seed.
using Series = std::map<std::int64_t, double>;

Series series_of(const std::vector<RunOutcome>& outcomes, const std::string& arm, const std::string& name) {
  Series series;
  for (const RunOutcome& outcome : outcomes) {
    if (outcome.job.arm != arm) continue;
    for (const auto& [key, value] : outcome.values) {
      if (key == name && std::isfinite(value)) series[outcome.job.seed] = value;
    }
  }
  return series;
}

PairedDifference difference_of(const Series& reference, const Series& arm) {
  std::vector<double> differences;
  PairedDifference paired;
  for (const auto& [seed, value] : arm) {
    const auto other = reference.find(seed);
    if (other == reference.end()) continue;
    differences.push_back(value - other->second);
    paired.reference += other->second;
  }
  paired.seeds = differences.size();
  if (differences.empty()) return paired;
  paired.reference /= static_cast<double>(differences.size());
  const Interval interval =
      differences.size() > 1 ? mean_interval(differences) : Interval{differences[0], not_known, not_known};
  paired.difference = interval.value;
  paired.low = interval.low;
  paired.high = interval.high;
  return paired;
}

std::set<std::int64_t> seeds_of(const std::vector<RunOutcome>& outcomes, const std::string& arm) {
  std::set<std::int64_t> seeds;
  for (const RunOutcome& outcome : outcomes) {
    if (outcome.job.arm == arm) seeds.insert(outcome.job.seed);
  }
  return seeds;
}

std::size_t common(const std::set<std::int64_t>& a, const std::set<std::int64_t>& b) {
  return static_cast<std::size_t>(
      std::count_if(a.begin(), a.end(), [&](std::int64_t seed) { return b.contains(seed); }));
}

/// What an arm costs differs from run to run; parameters and epochs are compared like any number.
bool is_compared(const std::string& name) { return name.find(".cost.") == std::string::npos; }

}  // namespace

std::string seeds_text(const PairedDifference& paired) {
  return paired.seeds == paired.of_seeds ? fmt::format("{}", paired.seeds)
                                         : fmt::format("{} of {}", paired.seeds, paired.of_seeds);
}

std::vector<PairedDifference> paired_differences(const std::vector<RunOutcome>& outcomes) {
  std::vector<std::string> arms, names;
  for (const RunOutcome& outcome : outcomes) {
    const std::string& arm = outcome.job.arm;
    if (arm != reference_arm && std::find(arms.begin(), arms.end(), arm) == arms.end()) arms.push_back(arm);
    for (const auto& [name, _] : outcome.values) {
      if (is_compared(name) && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
    }
  }
  std::vector<PairedDifference> differences;
  const std::set<std::int64_t> seeds_of_reference = seeds_of(outcomes, reference_arm);
  for (const std::string& arm : arms) {
    const std::size_t of_seeds = common(seeds_of(outcomes, arm), seeds_of_reference);
    for (const std::string& name : names) {
      PairedDifference paired =
          difference_of(series_of(outcomes, reference_arm, name), series_of(outcomes, arm, name));
      if (paired.seeds == 0) continue;
      paired.arm = arm;
      paired.metric = name;
      paired.of_seeds = of_seeds;
      differences.push_back(std::move(paired));
    }
  }
  return differences;
}

void write_differences(const std::string& path, const std::vector<PairedDifference>& differences) {
  std::string text = "arm,metric,reference,difference,low,high,seeds\n";
  for (const PairedDifference& paired : differences) {
    text += fmt::format("{},{},{},{},{},{},{}\n", csv_field(paired.arm), csv_field(paired.metric),
                        csv_number(paired.reference), csv_number(paired.difference), csv_number(paired.low),
                        csv_number(paired.high), paired.seeds);
  }
  write_file(path, text);
}

}  // namespace sparcell
