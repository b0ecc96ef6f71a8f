#include "sweep/submission.h"

#include <algorithm>
#include <exception>
#include <fstream>
#include <iterator>
#include <map>
#include <mutex>
#include <set>
#include <tuple>

#include "core/system.h"
#include "core/whole_file.h"
#include "sparcell/core/sha256.h"
#include "sweep/comparable.h"
#include "sweep/halving.h"
#include "sweep/metric.h"
#include "sweep/tables.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

/// A run's seed is that of its experiment, which a parameter or an arm may have set. It stands in a column of
/// its own, so that it is not listed as a parameter too.
void take_seed(ExpandedRun& run) {
  run.planned.seed = run.experiment.seed;
  std::erase_if(run.planned.parameters, [](const auto& parameter) { return parameter.first == "seed"; });
}

/// Experiments and hashes of all runs; of several errors the one of the first run is thrown.
std::vector<ExpandedRun> expand_all(const Plan& plan, std::vector<PlannedRun> planned, DataFiles& data) {
  std::vector<ExpandedRun> runs(planned.size());
  std::vector<std::exception_ptr> errors(planned.size());
#pragma omp parallel for schedule(dynamic, 16)
  for (std::size_t i = 0; i < planned.size(); ++i) {
    try {
      runs[i].planned = std::move(planned[i]);
      runs[i].experiment = plan.experiment(runs[i].planned);
      take_seed(runs[i]);
      const std::string checksum = data.outline(runs[i].experiment.read).checksum;
      runs[i].hash = config_hash(runs[i].experiment, checksum);
      runs[i].overrides = overrides_between(plan.reference(), runs[i].experiment);
      runs[i].settings = settings_of(resolved_yaml(runs[i].experiment), checksum);
    } catch (...) {
      errors[i] = std::current_exception();
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
  return runs;
}

/// Runs are one configuration where the file changes the same in them and they are told the same but for
/// their seeds, wherever these are set: numbers in the order of the runs.
void number_configurations(std::vector<ExpandedRun>& runs) {
  std::map<std::tuple<std::string, std::vector<std::pair<std::string, std::string>>, Settings>, std::int64_t>
      numbers;
  for (ExpandedRun& run : runs) {
    const auto next = static_cast<std::int64_t>(numbers.size());
    run.planned.configuration =
        numbers.try_emplace({run.planned.arm, run.planned.parameters, run.settings}, next).first->second;
  }
}

Job job_of(const ExpandedRun& run) {
  return {.task = 0,
          .run = run_name(run.hash),
          .active = true,
          .arm = run.planned.arm,
          .configuration = run.planned.configuration,
          .seed = run.planned.seed,
          .parameters = run.planned.parameters,
          .overrides = run.overrides};
}

/// The jobs that were there keep their tasks; new ones follow. Overrides are those against the new reference.
std::vector<Job> merge_jobs(std::vector<Job> jobs, const std::vector<ExpandedRun>& runs) {
  std::map<std::string, std::size_t> known;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    jobs[i].active = false;
    known[jobs[i].run] = i;
  }
  for (const ExpandedRun& run : runs) {
    Job job = job_of(run);
    const auto [place, is_new] = known.emplace(job.run, jobs.size());
    if (is_new) {
      job.task = jobs.empty() ? 0 : jobs.back().task + 1;
      jobs.push_back(std::move(job));
    } else {
      job.task = jobs[place->second].task;
      jobs[place->second] = std::move(job);
    }
  }
  return jobs;
}

void refuse_foreign_folder(const fs::path& folder) {
  if (!is_there(folder) || SweepFolder::is_sweep(folder)) return;
  if (!is_folder(folder)) throw UsageError("--out {}: this is a file, not a folder", folder.string());
  if (is_there(folder / "config.yaml"))
    throw UsageError("{} holds a run, not a sweep; choose another folder with --out", folder.string());
}

SweepSettings sweep_settings(const SweepRequest& request, const Plan& plan) {
  const PlanOptions& options = plan.options();
  return {.ablation = request.kind == SweepKind::ablation,
          .source = request.file,
          .source_sha256 = source_hash(request.file, request.overrides),
          .working_folder = fs::current_path().string(),
          .metric = metric_of(plan, request.kind),
          .doubts = {},
          .method = request.kind == SweepKind::ablation ? SweepMethod::grid : options.sweep.method,
          .halving = options.sweep.halving,
          .launcher = request.launcher,
          .slots = request.slots,
          .slurm = options.slurm};
}

}  // namespace

fs::path SweepRequest::folder(const std::string& name) const {
  if (!out.empty()) return out;
  return fs::path("runs") / name / (kind == SweepKind::sweep ? "sweep" : "ablation");
}

std::string source_hash(const std::string& file, const std::vector<std::string>& overrides) {
  std::ifstream stream(file, std::ios::binary);
  Sha256 sha;
  sha.update(std::string(std::istreambuf_iterator<char>(stream), {}));
  for (const std::string& text : overrides) sha.update("\n" + text);
  return sha.hex();
}

namespace {

/// The paths that runs change.
std::vector<std::string> changed_paths(const Plan& plan, SweepKind kind) {
  std::vector<std::string> paths;
  if (kind == SweepKind::ablation) {
    for (const AblationArm& arm : plan.options().ablation) {
      for (const config::Change& change : arm.changes) paths.push_back(change.path);
    }
    return paths;
  }
  for (const SweepParameter& parameter : plan.options().sweep.parameters)
    paths.push_back(parameter.path.text);
  for (const Combination& run : plan.options().sweep.runs) {
    for (const auto& [path, _] : run) paths.push_back(path.text);
  }
  return paths;
}

/// The first model of the experiment whose own options are among them; nothing where none's are.
std::string changed_model(const Experiment& experiment, const std::vector<std::string>& paths) {
  for (const auto& [name, _] : experiment.model) {
    const std::string section = "model." + name + ".";
    if (std::any_of(paths.begin(), paths.end(),
                    [&](const std::string& path) { return path.starts_with(section); }))
      return name;
  }
  return "";
}

}  // namespace

Metric metric_of(const Plan& plan, SweepKind kind) {
  const SweepOptions& sweep = plan.options().sweep;
  const Metric metric = choose_metric(sweep.metric, plan.reference(),
                                      changed_model(plan.reference(), changed_paths(plan, kind)));
  if (kind == SweepKind::sweep) check_halving(sweep, metric.name, plan.reference());
  return metric;
}

std::vector<PlannedRun> planned_runs(const Plan& plan, SweepKind kind, Log& log) {
  std::vector<PlannedRun> planned = kind == SweepKind::ablation ? plan.ablation_runs() : plan.sweep_runs();
  for (const std::string& sentence : plan.pointless_overrides(planned)) log.warn("{}", sentence);
  if (kind == SweepKind::ablation) return planned;
  for (const std::string& sentence : plan.pointless_exclusions()) log.warn("{}", sentence);
  const auto cap = static_cast<std::size_t>(plan.options().sweep.run_cap);
  if (cap > 0 && planned.size() > cap) {
    log.info("sweep.run_cap: the first {} of {} runs", cap, planned.size());
    planned.resize(cap);
  }
  return planned;
}

void keep_different(std::vector<ExpandedRun>& runs, Log& log) {
  std::set<std::string> hashes;
  const std::size_t all = runs.size();
  std::erase_if(runs, [&](const ExpandedRun& run) { return !hashes.insert(run.hash).second; });
  if (runs.size() < all) {
    log.info("{} of {} runs are the same experiment as another one and are made once", all - runs.size(),
             all);
  }
}

std::vector<ExpandedRun> expand(const Plan& plan, SweepKind kind, DataFiles& data, Log& log) {
  std::vector<ExpandedRun> runs = expand_all(plan, planned_runs(plan, kind, log), data);
  if (kind == SweepKind::sweep) {
    const std::string metric = metric_of(plan, kind).name;
    for (const ExpandedRun& run : runs) check_halving_of_run(plan, metric, run.planned, run.experiment);
  }
  keep_different(runs, log);
  number_configurations(runs);
  return runs;
}

std::vector<std::string> doubts_of(const Plan& plan, SweepKind kind, const std::vector<ExpandedRun>& runs) {
  const SweepOptions& sweep = plan.options().sweep;
  const bool halving = kind == SweepKind::sweep && sweep.method == SweepMethod::halving;
  Comparable comparable(plan.reference(), metric_of(plan, kind), halving);
  for (const ExpandedRun& run : runs) comparable.add(run.experiment, run.overrides);
  return comparable.warnings(!sweep.metric.name.empty());
}

OwnedSweep OwnedSweep::take(SweepFolder folder, const std::string& source_hash) {
  try {
    auto lock = std::make_unique<RunLock>(folder.path());
    return {std::move(folder), std::move(lock)};
  } catch (const UsageError& error) {
    const bool changed = !source_hash.empty() && SweepFolder::is_sweep(folder.path()) &&
                         folder.settings().source_sha256 != source_hash;
    throw UsageError(
        "{}{}", error.what(),
        changed ? "; the experiment's file has changed since: wait for the end, or cancel the sweep, and "
                  "submit it again, which makes only the new runs"
                : "");
  }
}

OwnedSweep submit(const SweepRequest& request, Log& log) {
  const Plan plan(request.file, request.overrides);
  SweepSettings settings = sweep_settings(request, plan);
  const fs::path path = request.folder(plan.reference().name);
  refuse_foreign_folder(path);
  DataFiles data((path / "data.json").string());
  const std::vector<ExpandedRun> runs = expand(plan, request.kind, data, log);
  settings.doubts = doubts_of(plan, request.kind, runs);
  for (const std::string& doubt : settings.doubts) log.warn("{}", doubt);
  std::error_code error;
  fs::create_directories(path / "logs", error);
  if (error) {
    throw UsageError("the folder {} cannot be created: {}; choose another with --out", path.string(),
                     error.message());
  }
  OwnedSweep owned = OwnedSweep::take(SweepFolder(path), settings.source_sha256);
  const SweepFolder& folder = owned.folder;
  std::vector<Job> before;
  if (SweepFolder::is_sweep(path)) {
    if (SweepFolder::open(path.string()).settings().ablation != settings.ablation) {
      throw UsageError("{} holds {}; choose another folder with --out", path.string(),
                       settings.ablation ? "a sweep, not an ablation" : "an ablation, not a sweep");
    }
    before = folder.jobs();
  }
  write_file(folder.file("experiment.yaml"), resolved_yaml(plan.reference()));
  const std::vector<Job> jobs = merge_jobs(before, runs);
  folder.write_jobs(jobs);
  folder.write_settings(settings);
  data.save();
  if (!before.empty())
    log.info("{}: {}, {} of them new", path.string(), runs_text(runs.size()), jobs.size() - before.size());
  return owned;
}

}  // namespace sparcell
