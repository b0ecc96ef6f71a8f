#include "sweep/sweep_report.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/csv.h"
#include "core/system.h"
#include "core/version.h"
#include "core/whole_file.h"
#include "report/figures.h"
#include "report/page.h"

namespace sparcell {
namespace {

constexpr std::size_t most_curves = 200;           // more lie on top of each other
constexpr std::size_t most_points_of_curve = 400;  // more than there are pixels

/// A parameter as the page draws it: a number where its text is one.
Json parameter_value(const std::string& text) {
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  return !text.empty() && *end == '\0' && std::isfinite(value) ? Json(value) : Json(text);
}

/// Seconds of training of all models.
Json seconds_of(const RunOutcome& outcome) {
  double seconds = 0;
  bool known = false;
  for (const auto& [name, value] : outcome.values) {
    if (!name.ends_with(".cost.train_seconds")) continue;
    seconds += value;
    known = true;
  }
  return known ? Json(seconds) : Json(nullptr);
}

Json parameters_json(const Job& job) {
  Json parameters = Json::object();
  for (const auto& [path, value] : job.parameters) parameters[path] = parameter_value(value);
  return parameters;
}

Json run_json(const RunOutcome& outcome) {
  return {{"run", outcome.job.run},
          {"state", word_of(outcome.state.phase)},
          {"reason", outcome.state.reason},
          {"arm", outcome.job.arm},
          {"configuration", outcome.job.configuration},
          {"seed", outcome.job.seed},
          {"parameters", parameters_json(outcome.job)},
          {"stopped_early", outcome.stopped_early},
          {"metric", outcome.metric ? number_or_null(*outcome.metric) : Json(nullptr)},
          {"seconds", seconds_of(outcome)}};
}

Json interval_json(const std::optional<Interval>& interval) {
  if (!interval) return nullptr;
  return {{"value", number_or_null(interval->value)},
          {"low", number_or_null(interval->low)},
          {"high", number_or_null(interval->high)}};
}

/// In their order, the best first.
Json configurations_json(const std::vector<Configuration>& configurations) {
  Json list = Json::array();
  for (const Configuration& configuration : configurations) {
    list.push_back({{"rank", configuration.complete() ? Json(configuration.rank) : Json(nullptr)},
                    {"configuration", configuration.number},
                    {"arm", configuration.job().arm},
                    {"parameters", parameters_json(configuration.job())},
                    {"runs", configuration.runs.size()},
                    {"seeds", seeds_text(configuration)},
                    {"mean", number_or_null(configuration.spread.mean)},
                    {"deviation", number_or_null(configuration.spread.deviation)},
                    {"from_best", interval_json(configuration.from_best)}});
  }
  return list;
}

/// What the arms of an ablation set, by name: the overrides that the reference of the same seed has not.
Json changes_json(const std::vector<RunOutcome>& outcomes) {
  Json changes = Json::object();
  for (const RunOutcome& outcome : outcomes) {
    const Job& job = outcome.job;
    const auto reference = std::find_if(outcomes.begin(), outcomes.end(), [&](const RunOutcome& other) {
      return other.job.arm == reference_arm && other.job.seed == job.seed;
    });
    if (reference == outcomes.end() || job.arm == reference_arm || changes.contains(job.arm)) continue;
    const std::vector<std::string>& usual = reference->job.overrides;
    changes[job.arm] = Json::array();
    for (const std::string& text : job.overrides) {
      if (std::find(usual.begin(), usual.end(), text) == usual.end()) changes[job.arm].push_back(text);
    }
  }
  return changes;
}

Json parameter_paths(const std::vector<RunOutcome>& outcomes) {
  Json paths = Json::array();
  for (const RunOutcome& outcome : outcomes) {
    for (const auto& [path, _] : outcome.job.parameters) {
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
    }
  }
  return paths;
}

Json differences_json(const std::vector<PairedDifference>& differences) {
  Json list = Json::array();
  for (const PairedDifference& paired : differences) {
    list.push_back({{"arm", paired.arm},
                    {"metric", paired.metric},
                    {"reference", number_or_null(paired.reference)},
                    {"difference", number_or_null(paired.difference)},
                    {"low", number_or_null(paired.low)},
                    {"high", number_or_null(paired.high)},
                    {"seeds", paired.seeds},
                    {"seeds_text", seeds_text(paired)}});
  }
  return list;
}

/// The loss that is shown of a run's first model: on validation cells, of a GAN the generator's.
bool is_shown(const std::vector<std::string>& record, const std::string& model) {
  return record.size() == 6 && record[2] == model &&
         ((record[3] == "validation" && record[4] == "loss") ||
          (record[3] == "train" && record[4] == "generator"));
}

Json curve_json(const SweepFolder& sweep, const RunOutcome& outcome, const std::string& model) {
  const auto path = sweep.run(outcome.job) / "metrics.csv";
  if (!is_there(path)) return nullptr;
  std::vector<double> epochs, values;
  for (const auto& record : read_csv(path.string())) {
    if (!is_shown(record, model)) continue;
    epochs.push_back(std::strtod(record[0].c_str(), nullptr));
    values.push_back(std::strtod(record[5].c_str(), nullptr));
  }
  if (epochs.empty()) return nullptr;
  const std::size_t step = (epochs.size() + most_points_of_curve - 1) / most_points_of_curve;
  std::vector<double> x, y;
  for (std::size_t i = 0; i < epochs.size(); i += step) {
    x.push_back(epochs[i]);
    y.push_back(values[i]);
  }
  const std::string label = outcome.job.arm.empty() ? outcome.job.run : outcome.job.arm;
  constexpr int digits = 5;
  return {{"run", outcome.job.run},
          {"configuration", outcome.job.configuration},
          {"label", fmt::format("{}, seed {}", label, outcome.job.seed)},
          {"x", rounded(x, digits)},
          {"y", rounded(y, digits)}};
}

/// The best runs first, then those without a metric.
std::vector<std::size_t> shown_order(const SweepSettings& settings, const std::vector<RunOutcome>& outcomes) {
  std::vector<std::size_t> order = ranking(outcomes, settings.metric.smaller_is_better);
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (std::find(order.begin(), order.end(), i) == order.end()) order.push_back(i);
  }
  order.resize(std::min(order.size(), most_curves));
  return order;
}

}  // namespace

void write_sweep_report(const SweepFolder& sweep, const SweepSettings& settings,
                        const std::vector<RunOutcome>& outcomes,
                        const std::vector<Configuration>& configurations,
                        const std::vector<PairedDifference>& differences) {
  const Experiment experiment = load_experiment(sweep.file("experiment.yaml"));
  const std::string model = settings.metric.name.substr(0, settings.metric.name.find('.'));
  Json runs = Json::array(), curves = Json::array();
  for (const RunOutcome& outcome : outcomes) runs.push_back(run_json(outcome));
  for (const std::size_t i : shown_order(settings, outcomes)) {
    Json curve = curve_json(sweep, outcomes[i], model);
    if (!curve.is_null()) curves.push_back(std::move(curve));
  }
  const Json data{{"result", {{"name", experiment.name}}},
                  {"ablation", settings.ablation},
                  {"metric", settings.metric.name},
                  {"smaller_is_better", settings.metric.smaller_is_better},
                  {"parameters", parameter_paths(outcomes)},
                  {"warnings", settings.doubts},
                  {"seeded", have_seeds(configurations)},
                  {"configurations", configurations_json(configurations)},
                  {"runs", runs},
                  {"curves", curves},
                  {"curve_title", fmt::format("Loss of {}", model)},
                  {"differences", differences_json(differences)},
                  {"changes", changes_json(outcomes)},
                  {"version", version}};
  write_file(sweep.file("report.html"), sweep_page(experiment.name, data));
}

}  // namespace sparcell
