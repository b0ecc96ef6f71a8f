#include "sweep/configurations.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/csv.h"
#include "core/whole_file.h"
#include "evaluate/spread.h"

namespace sparcell {
namespace {

constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

bool is_measured(const RunOutcome& outcome) {
  return outcome.state.phase == RunPhase::done && outcome.metric && std::isfinite(*outcome.metric);
}

void measure(Configuration& configuration) {
  std::vector<double> values;
  for (const RunOutcome* run : configuration.runs) {
    if (is_measured(*run)) values.push_back(*run->metric);
  }
  configuration.measured = values.size();
  if (!values.empty()) configuration.spread = spread_of(values);
}

/// Nothing for fewer than two seeds that both have.
std::optional<Interval> difference_of(const Configuration& configuration, const Configuration& best) {
  std::vector<double> differences;
  for (const RunOutcome* run : configuration.runs) {
    const auto other = std::find_if(best.runs.begin(), best.runs.end(), [&](const RunOutcome* of_best) {
      return of_best->job.seed == run->job.seed;
    });
    if (other != best.runs.end()) differences.push_back(*run->metric - *(*other)->metric);
  }
  if (differences.size() < 2) return std::nullopt;
  return mean_interval(differences);
}

std::string folders_of(const Configuration& configuration) {
  std::string text;
  for (const RunOutcome* run : configuration.runs) text += (text.empty() ? "" : " ") + run->job.run;
  return text;
}

std::string value_of(const Job& job, const std::string& path) {
  const auto found = std::find_if(job.parameters.begin(), job.parameters.end(),
                                  [&](const auto& parameter) { return parameter.first == path; });
  return found == job.parameters.end() ? "" : found->second;
}

}  // namespace

std::size_t Configuration::count(RunPhase phase) const {
  return static_cast<std::size_t>(std::count_if(
      runs.begin(), runs.end(), [&](const RunOutcome* run) { return run->state.phase == phase; }));
}

std::vector<Configuration> configurations_of(const std::vector<RunOutcome>& outcomes,
                                             bool smaller_is_better) {
  std::vector<Configuration> configurations;
  for (const RunOutcome& outcome : outcomes) {
    auto found = std::find_if(configurations.begin(), configurations.end(), [&](const Configuration& known) {
      return known.number == outcome.job.configuration;
    });
    if (found == configurations.end()) {
      found = configurations.insert(found, Configuration{});
      found->number = outcome.job.configuration;
    }
    found->runs.push_back(&outcome);
  }
  for (Configuration& configuration : configurations) measure(configuration);
  const auto badness = [&](const Configuration& configuration) {
    if (configuration.measured == 0) return std::numeric_limits<double>::infinity();
    return smaller_is_better ? configuration.spread.mean : -configuration.spread.mean;
  };
  std::stable_sort(configurations.begin(), configurations.end(),
                   [&](const Configuration& a, const Configuration& b) {
                     if (a.complete() != b.complete()) return a.complete();
                     return badness(a) < badness(b);
                   });
  for (std::size_t i = 0; i < configurations.size() && configurations[i].complete(); ++i) {
    const bool equal = i > 0 && configurations[i].spread.mean == configurations[i - 1].spread.mean;
    configurations[i].rank = equal ? configurations[i - 1].rank : i + 1;
    if (i > 0) configurations[i].from_best = difference_of(configurations[i], configurations[0]);
  }
  return configurations;
}

bool have_seeds(const std::vector<Configuration>& configurations) {
  return std::any_of(configurations.begin(), configurations.end(),
                     [](const Configuration& configuration) { return configuration.runs.size() > 1; });
}

std::string seeds_text(const Configuration& configuration) {
  const std::size_t all = configuration.runs.size();
  if (configuration.complete()) return std::to_string(all);
  std::string text = fmt::format("{} of {}", configuration.measured, all);
  for (const RunPhase phase :
       {RunPhase::failed, RunPhase::running, RunPhase::interrupted, RunPhase::pruned, RunPhase::waiting}) {
    if (const std::size_t count = configuration.count(phase); count > 0)
      text += fmt::format(", {} {}", count, word_of(phase));
  }
  if (const std::size_t without = configuration.count(RunPhase::done) - configuration.measured; without > 0)
    text += fmt::format(", {} without the metric", without);
  return text;
}

void write_configurations(const std::string& path, const std::vector<Configuration>& configurations,
                          const std::string& metric_key) {
  std::vector<std::string> parameters;
  for (const Configuration& configuration : configurations) {
    for (const auto& [name, _] : configuration.job().parameters) {
      if (std::find(parameters.begin(), parameters.end(), name) == parameters.end())
        parameters.push_back(name);
    }
  }
  std::string text = "rank,configuration,arm,runs,done,failed";
  for (const std::string& name : parameters) add_csv_field(text, name);
  text += ",metric_mean,metric_sd,folders,difference,low,high,metric_key\n";  // new ones last: columns stay
                                                                              // where they were
  for (const Configuration& configuration : configurations) {
    text +=
        fmt::format("{},{},{},{},{},{}", configuration.complete() ? std::to_string(configuration.rank) : "",
                    configuration.number, csv_field(configuration.job().arm), configuration.runs.size(),
                    configuration.count(RunPhase::done), configuration.count(RunPhase::failed));
    for (const std::string& name : parameters) add_csv_field(text, value_of(configuration.job(), name));
    const Interval from_best = configuration.from_best.value_or(Interval{not_known, not_known, not_known});
    text += fmt::format(",{},{},{},{},{},{},{}\n", csv_number(configuration.spread.mean),
                        csv_number(configuration.spread.deviation), folders_of(configuration),
                        csv_number(from_best.value), csv_number(from_best.low), csv_number(from_best.high),
                        csv_field(metric_key));
  }
  write_file(path, text);
}

}  // namespace sparcell
