#include "sweep/differences.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/csv.h"
#include "core/whole_file.h"
#include "evaluate/student_t.h"
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
  const auto n = static_cast<double>(differences.size());
  paired.reference /= n;
  for (const double difference : differences) paired.difference += difference / n;
  double squares = 0;
  for (const double difference : differences) squares += std::pow(difference - paired.difference, 2);
  const double half = differences.size() > 1
                          ? student_t_975(std::ssize(differences) - 1) * std::sqrt(squares / (n - 1) / n)
                          : not_known;
  paired.low = paired.difference - half;
  paired.high = paired.difference + half;
  return paired;
}

/// What an arm costs differs from run to run; parameters and epochs are compared like any number.
bool is_compared(const std::string& name) { return name.find(".cost.") == std::string::npos; }

std::string field(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

}  // namespace

std::vector<PairedDifference> paired_differences(const std::vector<RunOutcome>& outcomes) {
  std::vector<std::string> arms, names;
  for (const RunOutcome& outcome : outcomes) {
    const std::string& arm = outcome.job.arm;
    if (arm != "reference" && std::find(arms.begin(), arms.end(), arm) == arms.end()) arms.push_back(arm);
    for (const auto& [name, _] : outcome.values) {
      if (is_compared(name) && std::find(names.begin(), names.end(), name) == names.end())
        names.push_back(name);
    }
  }
  std::vector<PairedDifference> differences;
  for (const std::string& arm : arms) {
    for (const std::string& name : names) {
      PairedDifference paired =
          difference_of(series_of(outcomes, "reference", name), series_of(outcomes, arm, name));
      if (paired.seeds == 0) continue;
      paired.arm = arm;
      paired.metric = name;
      differences.push_back(std::move(paired));
    }
  }
  return differences;
}

void write_differences(const std::string& path, const std::vector<PairedDifference>& differences) {
  std::string text = "arm,metric,reference,difference,low,high,seeds\n";
  for (const PairedDifference& paired : differences) {
    text += fmt::format("{},{},{},{},{},{},{}\n", csv_field(paired.arm), csv_field(paired.metric),
                        field(paired.reference), field(paired.difference), field(paired.low),
                        field(paired.high), paired.seeds);
  }
  write_file(path, text);
}

}  // namespace sparcell
