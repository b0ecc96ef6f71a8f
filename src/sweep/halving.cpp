#include "sweep/halving.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <map>

#include "core/csv.h"
#include "core/system.h"
#include "core/whole_file.h"
#include "sweep/run_state.h"

namespace sparcell {
namespace {

/// Where metrics.csv has what result.json calls MODEL.loss.PART or MODEL.validation.energy_distance.
struct Curve {
  std::string model, split, name;
};

std::optional<Curve> curve_of(const std::string& metric) {
  const std::string distance = ".validation.energy_distance";
  if (metric.ends_with(distance))
    return Curve{metric.substr(0, metric.size() - distance.size()), "validation", "energy_distance"};
  const std::size_t at = metric.find(".loss.");
  if (at == std::string::npos) return std::nullopt;
  const std::string part = metric.substr(at + 6);
  if (part == "test") return std::nullopt;
  const bool of_cells = part == "train" || part == "validation";
  return Curve{metric.substr(0, at), of_cells ? part : "train", of_cells ? "loss" : part};
}

bool ended(const SweepFolder& sweep, const Job& job) {
  const RunPhase phase = state_of_run(sweep.run(job)).phase;
  return phase == RunPhase::done || phase == RunPhase::failed;
}

bool failed(const SweepFolder& sweep, const Job& job) {
  return state_of_run(sweep.run(job)).phase == RunPhase::failed;
}

std::optional<double> mean_over_seeds(const SweepFolder& sweep, const std::vector<Job>& jobs,
                                      const std::string& metric, std::int64_t epochs) {
  double sum = 0;
  for (const Job& job : jobs) {
    const auto value = curve_value(sweep.run(job), metric, epochs);
    if (failed(sweep, job) || !value || !std::isfinite(*value)) return std::nullopt;
    sum += *value / static_cast<double>(jobs.size());
  }
  return sum;
}

/// Jobs by configuration.
using Configurations = std::map<std::int64_t, std::vector<Job>>;

std::vector<Job> jobs_short_of(const SweepFolder& sweep, const Configurations& configurations,
                               std::int64_t epochs) {
  std::vector<Job> jobs;
  for (const auto& [_, of_configuration] : configurations) {
    for (const Job& job : of_configuration) {
      const bool there = epochs > 0 && epochs_taken(sweep.run(job)) >= epochs;
      if (!there && !ended(sweep, job)) jobs.push_back(job);
    }
  }
  return jobs;
}

/// How many of a rung's configurations go on.
std::int64_t promoted_of(std::int64_t configurations, const HalvingOptions& options) {
  return std::max<std::int64_t>(1, configurations / options.factor);
}

/// The configurations at the end of a rung, the best first, the promoted ones marked.
std::vector<RungStanding> stand(const SweepFolder& sweep, const SweepSettings& settings,
                                const Configurations& configurations, std::int64_t epochs) {
  std::vector<RungStanding> standings;
  for (const auto& [number, jobs] : configurations)
    standings.push_back({epochs, number, mean_over_seeds(sweep, jobs, settings.metric.name, epochs), false});
  const double sign = settings.metric.smaller_is_better ? 1 : -1;
  const auto badness = [&](const RungStanding& s) {
    return s.metric ? sign * *s.metric : std::numeric_limits<double>::infinity();
  };
  std::stable_sort(standings.begin(), standings.end(),
                   [&](const RungStanding& a, const RungStanding& b) { return badness(a) < badness(b); });
  const auto all = static_cast<std::int64_t>(standings.size());
  const auto promoted = static_cast<std::size_t>(promoted_of(all, settings.halving));
  for (std::size_t i = 0; i < std::min(promoted, standings.size()); ++i)
    standings[i].promoted = standings[i].metric.has_value();
  return standings;
}

/// Why the run's epochs leave no such number; empty where they do.
std::string reason_without_curve(const std::string& metric, const Experiment& run) {
  const std::optional<Curve> curve = curve_of(metric);
  if (!curve || curve->split != "validation") return "";
  const bool drawn = run.split.by == SplitBy::cell || run.split.by == SplitBy::perturbation;
  if (drawn && run.split.validation == 0) return "its split.validation is 0";
  const ModelOptions& model = run.model.front().second;
  if (curve->name == "energy_distance" && !model.monitors_distance())
    return fmt::format("its train.monitor is {}", name_of(model.train.monitor));
  return "";
}

}  // namespace

std::vector<std::int64_t> rungs(const HalvingOptions& options, std::int64_t epochs) {
  std::vector<std::int64_t> ends;
  for (std::int64_t end = options.min_epochs; end < epochs; end *= options.factor) ends.push_back(end);
  return ends;
}

std::int64_t epochs_of_all(const HalvingOptions& options, std::int64_t epochs, std::int64_t configurations) {
  std::int64_t all = 0, begin = 0;
  for (const std::int64_t end : rungs(options, epochs)) {
    all += configurations * (end - begin);
    configurations = promoted_of(configurations, options);
    begin = end;
  }
  return all + configurations * (epochs - begin);
}

std::optional<double> curve_value(const std::filesystem::path& run, const std::string& metric,
                                  std::int64_t epochs) {
  const std::optional<Curve> curve = curve_of(metric);
  if (!curve || !is_there(run / "metrics.csv")) return std::nullopt;
  std::optional<double> value;
  for (const auto& record : read_csv((run / "metrics.csv").string())) {
    if (record.size() != 6 || record[2] != curve->model || record[3] != curve->split ||
        record[4] != curve->name)
      continue;
    if (std::stoll(record[0]) < epochs) value = std::strtod(record[5].c_str(), nullptr);
  }
  return value;
}

HalvingState halving_state(const SweepFolder& sweep, bool with_failed) {
  const SweepSettings settings = sweep.settings();
  Configurations alive;
  HalvingState state;
  for (const Job& job : sweep.jobs()) {
    if (!job.active) continue;
    alive[job.configuration].push_back(job);
    if (with_failed && failed(sweep, job)) state.next.push_back(job);
  }
  const Experiment experiment = load_experiment(sweep.file("experiment.yaml"));
  const auto ends = rungs(settings.halving, experiment.model.front().second.train.epochs);
  if (!state.next.empty()) {
    const std::vector<Job> others = jobs_short_of(sweep, alive, ends.front());
    state.next.insert(state.next.end(), others.begin(), others.end());
    state.pause_after = ends.front();
    return state;
  }
  for (const std::int64_t epochs : ends) {
    state.next = jobs_short_of(sweep, alive, epochs);
    state.pause_after = epochs;
    if (!state.next.empty()) return state;
    for (const RungStanding& standing : stand(sweep, settings, alive, epochs)) {
      state.standings.push_back(standing);
      if (!standing.promoted) alive.erase(standing.configuration);
    }
  }
  state.next = jobs_short_of(sweep, alive, 0);
  state.pause_after = 0;
  return state;
}

void check_halving(const SweepOptions& sweep, const std::string& metric, const Experiment& experiment) {
  if (sweep.method != SweepMethod::halving) return;
  if (experiment.model.size() != 1) {
    throw UsageError("sweep.method halving pauses the training of one model, and the experiment has {}",
                     experiment.model.size());
  }
  const auto& [model_name, only_model] = experiment.model.front();
  const bool is_gan = only_model.type == ModelType::gan;
  const std::optional<Curve> curve = curve_of(metric);
  if (!curve || (curve->name == "energy_distance" && !only_model.monitors_distance())) {
    throw UsageError(
        "sweep.metric.name: halving compares runs while they train, and {} is known at their end; {}", metric,
        is_gan
            ? fmt::format(
                  "set train.monitor=energy_distance, which measures "
                  "{0}.validation.energy_distance after every epoch, or name a loss, as {0}.loss.generator",
                  model_name)
            : fmt::format("name a loss, as {}.loss.validation", model_name));
  }
  for (const auto& [name, model] : experiment.model) {
    if (model.train.steps > 0)
      throw UsageError(
          "sweep.method halving compares runs by epochs, and train.steps ({}) of {} counts steps",
          model.train.steps, name);
  }
  const std::int64_t epochs = experiment.model.front().second.train.epochs;
  if (sweep.halving.min_epochs >= epochs) {
    throw UsageError(
        "sweep.halving.min_epochs is {}, not below the {} epochs of training: nothing could stop early",
        sweep.halving.min_epochs, epochs);
  }
}

void check_halving_of_run(const Plan& plan, const std::string& metric, const PlannedRun& run,
                          const Experiment& experiment) {
  if (plan.options().sweep.method != SweepMethod::halving) return;
  const auto& [name, model] = plan.reference().model.front();
  if (experiment.model.size() != 1 || experiment.model.front().first != name) {
    throw UsageError("sweep.method halving compares {} of all runs, and the run with {} has other models",
                     name, values_text(run));
  }
  if (const std::string reason = reason_without_curve(metric, experiment); !reason.empty()) {
    const std::string which = values_text(run);
    throw UsageError("sweep.method halving compares {} after epochs, which {} does not measure: {}", metric,
                     which.empty() ? "the experiment" : "the run with " + which, reason);
  }
  const TrainOptions& train = experiment.model.front().second.train;
  if (train.epochs == model.train.epochs && train.steps == model.train.steps) return;
  throw UsageError(
      "sweep.method halving pauses all runs at the same epochs, so how long they train cannot be swept: the "
      "experiment has train.epochs {} and train.steps {}, the run with {} has {} and {}",
      model.train.epochs, model.train.steps, values_text(run), train.epochs, train.steps);
}

void check_promotions(const SweepFolder& sweep) {
  const SweepSettings settings = sweep.settings();
  if (settings.method != SweepMethod::halving) return;
  const std::vector<RungStanding> standings = halving_state(sweep).standings;
  if (standings.empty() || std::any_of(standings.begin(), standings.end(),
                                       [](const RungStanding& standing) { return standing.promoted; }))
    return;
  const std::vector<Job> jobs = sweep.jobs();
  if (std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) { return job.active && failed(sweep, job); }))
    return;
  throw DataError(
      "{}: no run goes on from epoch {}: their metrics.csv have no finite {}, by which halving compares "
      "them; are there validation cells?",
      sweep.path().string(), standings.front().epochs, settings.metric.name);
}

void write_standings(const std::string& path, const std::vector<RungStanding>& standings) {
  std::string text = "epochs,configuration,metric,promoted\n";
  for (const RungStanding& standing : standings) {
    text +=
        fmt::format("{},{},{},{}\n", standing.epochs, standing.configuration,
                    standing.metric ? fmt::format("{}", *standing.metric) : "", standing.promoted ? 1 : 0);
  }
  write_file(path, text);
}

}  // namespace sparcell
