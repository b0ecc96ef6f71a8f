#include "sweep/sweep.h"

#include <algorithm>

#include "sweep/differences.h"
#include "sweep/pool.h"
#include "sweep/tables.h"
#include "sweep/task.h"

namespace sparcell {
namespace {

std::vector<Job> unfinished_jobs(const SweepFolder& sweep) {
  std::vector<Job> jobs = sweep.jobs();
  std::erase_if(jobs, [&](const Job& job) {
    return !job.active || state_of_run(sweep.run(job)).phase == RunPhase::done;
  });
  return jobs;
}

/// What the sweep was made of may have changed since: it goes on as it was, and says so.
void remark_changed_source(const SweepSettings& settings, const std::string& hash_at_start, Log& log) {
  if (settings.source_sha256 == hash_at_start) return;
  log.warn(
      "{} has changed while its sweep ran; these are the runs of the file as it was. Submit it again: only "
      "the "
      "new runs are made",
      settings.source);
}

void throw_outcome(const SweepFolder& sweep, const PoolOutcome& outcome) {
  const std::string folder = sweep.path().string();
  if (outcome.interrupted > 0) {
    throw Interrupted("{} runs are left; sparcell resume {} goes on with them", outcome.interrupted, folder);
  }
  if (outcome.failed > 0) {
    throw Error(ExitCode::internal, fmt::format("{} of the runs in {} failed; sparcell status {} says why",
                                                outcome.failed, folder, folder));
  }
}

void launch_locally(const SweepFolder& sweep, std::int64_t slots, Log& log) {
  const std::vector<Job> jobs = unfinished_jobs(sweep);
  const std::vector<Job> all = sweep.jobs();
  const auto active = std::count_if(all.begin(), all.end(), [](const Job& job) { return job.active; });
  const std::int64_t threads = load_experiment(sweep.file("experiment.yaml")).threads;
  const std::size_t places = slots > 0 ? static_cast<std::size_t>(slots) : default_slots(threads);
  log.info("{} of {} runs are finished; {} at a time", static_cast<std::size_t>(active) - jobs.size(), active,
           places);
  const PoolOutcome outcome = run_pool(sweep, jobs, places, log);
  if (jobs.size() > places) log.info("slots were idle {:.1f} % of the time", 100 * outcome.idle_share);
  std::printf("%s%s\n", collect(sweep).c_str(), sweep.path().string().c_str());
  throw_outcome(sweep, outcome);
}

}  // namespace

std::string run_sweep(const SweepRequest& request, Log& log) {
  const OwnedSweep owned = submit(request, log);
  const SweepSettings settings = owned.folder.settings();
  struct Remark {
    const SweepRequest& request;
    const SweepSettings& settings;
    Log& log;
    ~Remark() { remark_changed_source(settings, source_hash(request.file, request.overrides), log); }
  } const remark{request, settings, log};
  launch_locally(owned.folder, request.slots, log);
  return owned.folder.path().string();
}

void resume_sweep(const std::string& path, std::int64_t slots, Log& log) {
  const OwnedSweep owned = OwnedSweep::take(SweepFolder::open(path));
  launch_locally(owned.folder, slots > 0 ? slots : owned.folder.settings().slots, log);
}

void run_tasks(const std::string& path, std::int64_t first, std::int64_t count,
               const std::vector<std::string>& arguments, Log& log) {
  const SweepFolder sweep = SweepFolder::open(path);
  if (count == 1) {
    run_job(sweep, job_of_task(sweep, first), arguments);
    return;
  }
  std::vector<Job> jobs = unfinished_jobs(sweep);
  std::erase_if(jobs, [&](const Job& job) { return job.task < first || job.task >= first + count; });
  throw_outcome(sweep, run_pool(sweep, jobs, static_cast<std::size_t>(count), log));
}

std::string collect(const SweepFolder& sweep) {
  const SweepSettings settings = sweep.settings();
  const std::vector<RunOutcome> outcomes = outcomes_of(sweep);
  write_results(sweep, outcomes);
  if (!settings.ablation) return best_runs_table(settings, outcomes);
  const std::vector<PairedDifference> differences = paired_differences(outcomes);
  write_differences(sweep.file("differences.csv"), differences);
  return differences_table(settings, differences);
}

std::string status_text(const std::string& path) {
  if (SweepFolder::is_sweep(path)) {
    const SweepFolder sweep = SweepFolder::open(path);
    return status_table(sweep.settings(), outcomes_of(sweep));
  }
  const RunState state = state_of_run(path);
  if (state.phase == RunPhase::waiting) throw UsageError("{} holds no run and no sweep", path);
  std::vector<std::string> row{
      path, word_of(state.phase),
      state.epochs > 0 ? fmt::format("{} {}/{}", state.model, state.epoch, state.epochs) : "",
      state.seconds_left ? duration_text(*state.seconds_left) : ""};
  const std::string reason =
      state.phase != RunPhase::done && !state.reason.empty() ? state.reason + "\n" : "";
  return text_table({{"run", "state", "epoch", "time left"}, row}) + reason;
}

bool at_rest(const std::string& path) {
  if (!SweepFolder::is_sweep(path)) return state_of_run(path).phase != RunPhase::running;
  const SweepFolder sweep = SweepFolder::open(path);
  if (RunLock::held(sweep.path())) return false;
  const std::vector<Job> jobs = unfinished_jobs(sweep);
  return std::none_of(jobs.begin(), jobs.end(), [&](const Job& job) {
    return state_of_run(sweep.run(job)).phase == RunPhase::running;
  });
}

}  // namespace sparcell
