#include "sweep/results.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "core/csv.h"
#include "core/whole_file.h"
#include "sparcell/core/context.h"
#include "sparcell/core/parallel.h"
#include "sweep/halving.h"
#include "sweep/metric.h"

namespace sparcell {
namespace {

using Json = nlohmann::ordered_json;

/// Every number below, by its path.
void add_numbers(const Json& value, const std::string& path,
                 std::vector<std::pair<std::string, double>>& numbers) {
  if (value.is_number()) numbers.emplace_back(path, value.get<double>());
  if (!value.is_object()) return;
  for (const auto& [key, item] : value.items())
    add_numbers(item, path.empty() ? key : fmt::format("{}.{}", path, key), numbers);
}

/// The names in the order in which runs first have them.
template <class NamesOf>
std::vector<std::string> columns_of(const std::vector<RunOutcome>& outcomes, const NamesOf& names_of) {
  std::vector<std::string> columns;
  std::map<std::string, bool> known;
  for (const RunOutcome& outcome : outcomes) {
    for (const auto& [name, _] : names_of(outcome)) {
      if (known.emplace(name, true).second) columns.push_back(name);
    }
  }
  return columns;
}

/// The state of the run, and what it found where it is done.
void read_outcome(const SweepFolder& sweep, const SweepSettings& settings, RunOutcome& outcome) {
  const std::filesystem::path folder = sweep.run(outcome.job);
  outcome.state = state_of_run(folder);
  if (outcome.state.phase != RunPhase::done) return;
  const Json result = result_of_run(folder);
  if (!result.is_object())
    throw DataError("{} is damaged: no JSON object", (folder / "result.json").string());
  outcome.metric = metric_value(result, settings.metric.name);
  const Json models = result.value("models", Json::object());
  add_numbers(models, "", outcome.values);
  for (const auto& [name, model] : models.items()) {
    if (model.is_object() && model.value("stopped_early", Json()) == true)
      outcome.stopped_early.push_back(name);
  }
}

}  // namespace

std::vector<RunOutcome> outcomes_of(const SweepFolder& sweep) {
  const SweepSettings settings = sweep.settings();
  std::vector<RunOutcome> outcomes;
  for (Job& job : sweep.jobs()) {
    if (!job.active) continue;
    outcomes.emplace_back().job = std::move(job);
  }
  // Reading a thousand results is reading a thousand files, on clusters over a network: several at a time.
  const auto runs = static_cast<std::int64_t>(outcomes.size());
  parallel_for(available_threads(), runs, 16,
               [&](std::int64_t i) { read_outcome(sweep, settings, outcomes[static_cast<std::size_t>(i)]); });
  if (settings.method == SweepMethod::halving) {
    for (const RungStanding& standing : halving_state(sweep).standings) {
      if (standing.promoted) continue;
      for (RunOutcome& outcome : outcomes) {
        if (outcome.job.configuration != standing.configuration || outcome.state.phase == RunPhase::failed)
          continue;
        outcome.state.phase = RunPhase::pruned;
        outcome.metric = curve_value(sweep.run(outcome.job), settings.metric.name, standing.epochs);
      }
    }
  }
  return outcomes;
}

void write_results(const SweepFolder& sweep, const std::vector<RunOutcome>& outcomes) {
  const auto parameters =
      columns_of(outcomes, [](const RunOutcome& outcome) { return outcome.job.parameters; });
  const auto values = columns_of(outcomes, [](const RunOutcome& outcome) { return outcome.values; });
  const std::string metric_key = sweep.settings().metric.name;
  std::string text = "run,state,arm,configuration,seed";
  for (const std::string& column : parameters) add_csv_field(text, column);
  text += ",metric";
  for (const std::string& column : values) add_csv_field(text, column);
  text += ",metric_key\n";  // last: columns stay where they were
  for (const RunOutcome& outcome : outcomes) {
    const Job& job = outcome.job;
    text += fmt::format("{},{},{},{},{}", job.run, word_of(outcome.state.phase), csv_field(job.arm),
                        job.configuration, job.seed);
    const std::map<std::string, std::string> own(job.parameters.begin(), job.parameters.end());
    for (const std::string& column : parameters) {
      const auto found = own.find(column);
      add_csv_field(text, found == own.end() ? "" : found->second);
    }
    add_csv_field(text, outcome.metric ? csv_number(*outcome.metric) : "");
    const std::map<std::string, double> numbers(outcome.values.begin(), outcome.values.end());
    for (const std::string& column : values) {
      const auto found = numbers.find(column);
      add_csv_field(text, found == numbers.end() ? "" : csv_number(found->second));
    }
    add_csv_field(text, metric_key);
    text += '\n';
  }
  write_file(sweep.file("results.csv"), text);
}

std::vector<std::size_t> ranking(const std::vector<RunOutcome>& outcomes, bool smaller_is_better) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const bool done = outcomes[i].state.phase == RunPhase::done;
    if (done && outcomes[i].metric && std::isfinite(*outcomes[i].metric)) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return smaller_is_better ? *outcomes[a].metric < *outcomes[b].metric
                             : *outcomes[a].metric > *outcomes[b].metric;
  });
  return order;
}

}  // namespace sparcell
