#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/durations.h"
#include "sweep/data_shapes.h"
#include "sweep/estimate.h"
#include "sweep/pool.h"
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

}  // namespace

std::string dry_run(const SweepRequest& request, Log& log) {
  const Plan plan(request.file, request.overrides);
  const bool ablation = request.kind == SweepKind::ablation;
  metric_of(plan, request.kind);  // for what it refuses before data are read
  const std::filesystem::path path = request.folder(plan.reference().name);
  DataFiles data((path / "data.json").string());
  const std::vector<ExpandedRun> runs = expand(plan, request.kind, data, log);
  for (const std::string& doubt : doubts_of(plan, request.kind, runs)) log.warn("{}", doubt);
  const double rate = training_rate(static_cast<int>(plan.reference().threads));
  std::vector<std::vector<std::string>> rows{header_of(runs, ablation)};
  DataShapes shapes;
  double seconds_left = 0, seconds_of_all = 0;
  std::size_t finished = 0;
  for (const ExpandedRun& run : runs) {
    const std::optional<Estimate> needs = needs_of(run, data.outline(run.experiment.read), shapes, log);
    const RunPhase phase = state_of_run(path / run_name(run.hash)).phase;
    const double seconds = needs ? needs->work / rate : 0;
    seconds_of_all += seconds;
    if (phase == RunPhase::done) {
      ++finished;
    } else {
      seconds_left += seconds;
    }
    std::vector<std::string> row{run_name(run.hash), word_of(phase), std::to_string(run.planned.seed)};
    if (ablation) row.push_back(run.planned.arm);
    for (const auto& [_, value] : run.planned.parameters) row.push_back(value);
    if (needs) {
      row.insert(row.end(), {std::to_string(needs->parameters), memory_text(needs->memory_bytes),
                             duration_text(seconds)});
    }
    row.resize(rows[0].size());
    rows.push_back(std::move(row));
  }
  const PoolPlaces places = places_here(plan.reference().device, plan.reference().threads, request.slots);
  return text_table(rows) +
         fmt::format(
             "{}, {} finished; {} of training left of {}, about {} with {}. "
             "Times are estimates "
             "from matrix products on this machine.\n",
             runs_text(runs.size()), finished, duration_text(seconds_left), duration_text(seconds_of_all),
             duration_text(seconds_left / static_cast<double>(places.count)), places.text());
}

}  // namespace sparcell
