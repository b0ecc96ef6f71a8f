#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

#include "core/durations.h"
#include "sweep/data_shapes.h"
#include "sweep/estimate.h"
#include "sweep/halving.h"
#include "sweep/pool.h"
#include "sweep/results.h"
#include "sweep/sweep.h"
#include "sweep/tables.h"

namespace sparcell {
namespace {

std::string memory_text(double bytes) {
  return bytes >= 1e9 ? fmt::format("{:.1f} GB", bytes / 1e9)
                      : fmt::format("{:.0f} MB", std::ceil(bytes / 1e6));
}

std::vector<std::string> header_of(const std::vector<ExpandedRun>& runs, bool ablation) {
  std::vector<std::string> header{"run", "state", "seed"};
  if (ablation) header.push_back("arm");
  for (const auto& [path, _] : runs.front().planned.parameters) header.push_back(path);
  header.insert(header.end(), {"parameters", "memory", "time"});
  return header;
}

std::vector<std::string> row_of(const ExpandedRun& run, bool ablation, RunPhase phase,
                                const std::optional<Estimate>& needs, double seconds) {
  std::vector<std::string> row{run_name(run.hash), word_of(phase), std::to_string(run.planned.seed)};
  if (ablation) row.push_back(run.planned.arm);
  for (const auto& [_, value] : run.planned.parameters) row.push_back(value);
  if (needs) {
    row.insert(row.end(),
               {std::to_string(needs->parameters), memory_text(needs->memory_bytes), duration_text(seconds)});
  }
  return row;
}

/// Nothing where the data are not what the run needs, which the log says.
std::optional<Estimate> needs_of(const ExpandedRun& run, const DataOutline& outline, DataShapes& shapes,
                                 Log& log) {
  try {
    return estimate(run.experiment, outline, shapes.of(run.experiment, outline, log));
  } catch (const DataError& error) {
    log.warn("{} would fail: {}", run_name(run.hash), error.what());
    return std::nullopt;
  }
}

/// Where the runs of a sweep's folder stand, by their names; those that it does not list wait.
std::map<std::string, RunPhase> phases_in(const std::string& folder) {
  std::map<std::string, RunPhase> phases;
  if (!SweepFolder::is_sweep(folder)) return phases;
  for (const RunOutcome& outcome : outcomes_of(SweepFolder::open(folder)))
    phases[outcome.job.run] = outcome.state.phase;
  return phases;
}

/// Seconds of training: of every run to its end, and what of them was taken.
struct Work {
  double all = 0, taken = 0;
  std::size_t finished = 0, pruned = 0;

  void add(double seconds, RunPhase phase, double share_taken) {
    all += seconds;
    taken += seconds * (phase == RunPhase::done ? 1 : share_taken);
    finished += phase == RunPhase::done ? 1 : 0;
    pruned += phase == RunPhase::pruned ? 1 : 0;
  }
};

/// The share of a run's training that is behind it, where it is that of one model.
double share_taken(const Experiment& experiment, const std::filesystem::path& folder) {
  const TrainOptions& train = experiment.model.front().second.train;
  if (experiment.model.size() != 1 || train.steps > 0) return 0;
  return std::min(1.0, static_cast<double>(epochs_taken(folder)) / static_cast<double>(train.epochs));
}

/// What halving takes of the time of all runs to their ends, which of them will go on not being known.
double share_of_halving(const Plan& plan, const std::vector<ExpandedRun>& runs) {
  const auto configurations =
      1 + std::max_element(runs.begin(), runs.end(), [](const auto& a, const auto& b) {
            return a.planned.configuration < b.planned.configuration;
          })->planned.configuration;
  const std::int64_t epochs = plan.reference().model.front().second.train.epochs;
  return static_cast<double>(epochs_of_all(plan.options().sweep.halving, epochs, configurations)) /
         static_cast<double>(configurations * epochs);
}

}  // namespace

std::string dry_run(const SweepRequest& request, Log& log) {
  const Plan plan(request.file, request.overrides);
  const bool ablation = request.kind == SweepKind::ablation;
  const bool halving = !ablation && plan.options().sweep.method == SweepMethod::halving;
  const Metric metric = metric_of(plan, request.kind);  // refuses what it can before data are read
  const std::filesystem::path path = request.folder(plan.reference().name);
  DataFiles data((path / "data.json").string());
  const std::vector<ExpandedRun> runs = expand(plan, request.kind, data, log);
  for (const std::string& doubt : doubts_of(plan, request.kind, runs)) log.warn("{}", doubt);
  const double rate = product_rate(static_cast<int>(plan.reference().threads));
  const std::map<std::string, RunPhase> phases = phases_in(path.string());
  std::vector<std::vector<std::string>> rows{header_of(runs, ablation)};
  DataShapes shapes;
  Work work;
  for (const ExpandedRun& run : runs) {
    const std::optional<Estimate> needs = needs_of(run, data.outline(run.experiment.read), shapes, log);
    const std::string name = run_name(run.hash);
    const auto known = phases.find(name);
    const RunPhase phase = known == phases.end() ? state_of_run(path / name).phase : known->second;
    const double seconds = needs ? seconds_of(needs->training, rate, run.experiment.threads) : 0;
    work.add(seconds, phase, share_taken(run.experiment, path / name));
    rows.push_back(row_of(run, ablation, phase, needs, seconds));
    rows.back().resize(rows[0].size());
  }
  const double seconds_of_all = work.all * (halving ? share_of_halving(plan, runs) : 1);
  const bool all_ended = work.finished + work.pruned == runs.size();
  const double seconds_left = all_ended ? 0 : std::max(0.0, seconds_of_all - work.taken);
  const PoolPlaces places = places_here(plan.reference().device, plan.reference().threads, request.slots);
  return text_table(rows) + fmt::format(
                                "{}, {} finished{}; {} of training left of {}{}, about {} with {}.\n"
                                "Times are estimates from matrix products on this machine's CPU, for cores that do nothing else, of training alone: every run reads and judges its cells besides.\n"
                                "Compared by {} ({} is better).\n",
                                runs_text(runs.size()), work.finished,
                                work.pruned > 0 ? fmt::format(", {} pruned", work.pruned) : "",
                                duration_text(seconds_left), duration_text(seconds_of_all),
                                halving ? " (all to their ends: " + duration_text(work.all) + ")" : "",
                                duration_text(seconds_left / static_cast<double>(places.count)),
                                places.text(), metric.name, metric.smaller_is_better ? "smaller" : "larger");
}

}  // namespace sparcell
