#include "sweep/differences.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/csv.h"
#include "core/whole_file.h"
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
                          ? student_t_95(differences.size() - 1) * std::sqrt(squares / (n - 1) / n)
                          : not_known;
  paired.low = paired.difference - half;
  paired.high = paired.difference + half;
  return paired;
}

/// What an arm costs differs from run to run; parameters and epochs are compared like any number.
bool is_compared(const std::string& name) { return name.find(".cost.") == std::string::npos; }

std::string field(double value) { return std::isfinite(value) ? fmt::format("{}", value) : ""; }

}  // namespace

double student_t_95(std::size_t degrees_of_freedom) {
  require(degrees_of_freedom > 0, "Student's t needs a degree of freedom");
  static constexpr double quantiles[] = {12.7062047, 4.3026527, 3.1824463, 2.7764451, 2.5705818, 2.4469119,
                                         2.3646243,  2.3060041, 2.2621572, 2.2281389, 2.2009852, 2.1788128,
                                         2.1603687,  2.1447867, 2.1314495, 2.1199053, 2.1098156, 2.1009220,
                                         2.0930241,  2.0859634, 2.0796138, 2.0738731, 2.0686576, 2.0638986,
                                         2.0595386,  2.0555294, 2.0518305, 2.0484071, 2.0452296, 2.0422725};
  if (degrees_of_freedom <= std::size(quantiles)) return quantiles[degrees_of_freedom - 1];
  // Cornish and Fisher's expansion around the normal quantile; below 1e-6 off from 30 on.
  const double z = 1.959963984540054, n = static_cast<double>(degrees_of_freedom);
  const double z3 = z * z * z, z5 = z3 * z * z, z7 = z5 * z * z;
  return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n) +
         (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * n * n * n);
}

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
