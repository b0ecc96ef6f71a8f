#include "sweep/sweep.h"

#include <algorithm>
#include <cstdio>

#include "core/run_path.h"
#include "experiment/signals.h"
#include "sweep/differences.h"
#include "sweep/halving.h"
#include "sweep/launching.h"
#include "sweep/pool.h"
#include "sweep/slurm.h"
#include "sweep/sweep_report.h"
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
      "the new runs are made",
      settings.source);
}

void throw_outcome(const SweepFolder& sweep, const PoolOutcome& outcome) {
  const std::string folder = sweep.path().string();
  if (outcome.interrupted > 0) {
    throw Interrupted("{} left; sparcell resume {} goes on with {}", runs_text(outcome.interrupted), folder,
                      outcome.interrupted == 1 ? "it" : "them");
  }
  if (outcome.failed > 0) {
    throw Error(ExitCode::internal, fmt::format("{} of the runs in {} failed; sparcell status {} says why",
                                                outcome.failed, folder, folder));
  }
}

/// What is to be run now: everything, or with halving the rung that runs.
struct Work {
  std::vector<Job> jobs;
  std::int64_t pause_after = 0;
};

enum class Failed { again, left };

/// Without halving failed runs are always among them.
Work next_work(const SweepFolder& sweep, Failed failed) {
  if (sweep.settings().method != SweepMethod::halving) return {unfinished_jobs(sweep), 0};
  HalvingState state = halving_state(sweep, failed == Failed::again);
  return {std::move(state.next), state.pause_after};
}

/// What is to be run in the rung that pauses after so many epochs.
Work work_of_rung(const SweepFolder& sweep, std::int64_t pause_after) {
  Work work = next_work(sweep, Failed::again);
  return work.pause_after == pause_after ? work : next_work(sweep, Failed::left);
}

void say_begin(const SweepFolder& sweep, const Work& work, const PoolPlaces& places, Log& log) {
  if (work.pause_after > 0) {
    log.info("{} to epoch {}; {}", runs_text(work.jobs.size()), work.pause_after, places.text());
    return;
  }
  const std::vector<Job> all = sweep.jobs();
  const auto active = static_cast<std::size_t>(
      std::count_if(all.begin(), all.end(), [](const Job& job) { return job.active; }));
  log.info("{} of {} runs are finished; {}", active - unfinished_jobs(sweep).size(), active, places.text());
}

/// Rung after rung where the sweep halves. Failed runs are tried once.
PoolOutcome run_to_the_end(const SweepFolder& sweep, const PoolPlaces& places, Log& log) {
  PoolOutcome all;
  for (Failed failed = Failed::again;; failed = Failed::left) {
    const Work work = next_work(sweep, failed);
    say_begin(sweep, work, places, log);
    const PoolOutcome outcome = run_pool(sweep, work.jobs, places, work.pause_after, log);
    if (work.jobs.size() > places.count)
      log.info("slots were idle {:.1f} % of the time", 100 * outcome.idle_share);
    all.done += outcome.done;
    all.failed += outcome.failed;
    all.interrupted = outcome.interrupted;
    if (outcome.interrupted > 0 || work.pause_after == 0) return all;
    if (next_work(sweep, Failed::left).pause_after == work.pause_after)
      return all;  // some runs never reach it
  }
}

void launch_locally(const SweepFolder& sweep, std::int64_t slots, Log& log) {
  const Experiment experiment = load_experiment(sweep.file("experiment.yaml"));
  const PoolOutcome outcome =
      run_to_the_end(sweep, places_here(experiment.device, experiment.threads, slots), log);
  std::printf("%s%s\n", collect(sweep, Launching::ended).c_str(), sweep.path().string().c_str());
  throw_outcome(sweep, outcome);
  check_promotions(sweep);
}

/// Jobs of a submission before would make the same runs as the ones that are submitted now.
void check_nothing_is_queued(const SweepFolder& sweep) {
  const SlurmQueue queue = slurm_queue(sweep);
  const std::string folder = sweep.path().string();
  if (queue.has_jobs) {
    throw UsageError(
        "{} has jobs in Slurm's queue, and nothing was submitted again; when they have ended "
        "(sparcell status {} --watch) or are cancelled (sparcell cancel {}), sparcell resume {} submits "
        "what is left",
        folder, folder, folder, folder);
  }
  if (!queue.no_answer.empty()) {
    throw UsageError(
        "{}: Slurm does not say whether jobs submitted before are left, and nothing was submitted: {}",
        folder, queue.no_answer);
  }
}

void launch_on_slurm(const SweepFolder& sweep, Log& log) {
  check_nothing_is_queued(sweep);
  const Work work = next_work(sweep, Failed::again);
  if (work.jobs.empty()) {
    std::printf("%s%s\n", collect(sweep, Launching::ended).c_str(), sweep.path().string().c_str());
    return;
  }
  submit_to_slurm(sweep, work.jobs, work.pause_after, log);
}

void launch(const SweepFolder& sweep, std::int64_t slots, Log& log) {
  try {
    if (sweep.settings().launcher == "local") {
      launch_locally(sweep, slots, log);
    } else {
      launch_on_slurm(sweep, log);
    }
  } catch (const WriteError& error) {
    const std::string folder = sweep.path().string();
    throw Interrupted("{}; the runs in {} are kept, sparcell resume {} goes on with them", error.what(),
                      folder, folder);
  }
}

/// A run that Slurm does not queue again is as resumable as one that it does: that is no error of the run's.
void queue_again(const SweepFolder& sweep, Log& log) {
  try {
    if (sweep.settings().launcher == "slurm" && stop_signal() != 0) requeue_this_task(sweep, log);
  } catch (const std::exception& error) {
    log.warn("this job could not be queued again: {}; sparcell resume {} goes on with what is left",
             error.what(), sweep.path().string());
  }
}

std::string status_of_run(const std::string& path) {
  check_folder(path, "the folder of a run or a sweep");
  const RunState state = state_of_run(path);
  if (state.phase == RunPhase::waiting) throw UsageError("{} holds no run and no sweep", path);
  const std::vector<std::string> row{path, word_of(state.phase), progress_text(state.progress),
                                     time_left_text(state)};
  const std::string reason =
      state.phase != RunPhase::done && !state.reason.empty() ? state.reason + "\n" : "";
  return text_table({{"run", "state", "epoch", "time left"}, row}) + reason;
}

std::string status_of_sweep(const SweepFolder& sweep, Launching launching) {
  std::vector<RunOutcome> outcomes = outcomes_of(sweep);
  if (launching != Launching::ended) return status_table(sweep.settings(), outcomes);
  end_waiting(outcomes);
  const auto left =
      static_cast<std::size_t>(std::count_if(outcomes.begin(), outcomes.end(), [](const RunOutcome& outcome) {
        return outcome.state.phase == RunPhase::interrupted;
      }));
  const std::string remark =
      left == 0 ? ""
                : fmt::format("Nothing launches this sweep now; sparcell resume {} goes on with {}.\n",
                              sweep.path().string(), runs_text(left));
  return status_table(sweep.settings(), outcomes) + remark;
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
  launch(owned.folder, request.slots, log);
  return owned.folder.path().string();
}

void resume_sweep(const std::string& path, std::int64_t slots, Log& log) {
  const OwnedSweep owned = OwnedSweep::take(SweepFolder::open(path));
  launch(owned.folder, slots > 0 ? slots : owned.folder.settings().slots, log);
}

void run_tasks(const std::string& path, const TaskRequest& request, Log& log) {
  const SweepFolder sweep = SweepFolder::open(path);
  try {
    if (request.count == 1) {
      run_job(sweep, job_of_task(sweep, request.first), request.arguments, request.pause_after);
      return;
    }
    std::vector<Job> jobs = work_of_rung(sweep, request.pause_after).jobs;
    std::erase_if(jobs, [&](const Job& job) {
      return job.task < request.first || job.task >= request.first + request.count;
    });
    const Experiment experiment = load_experiment(sweep.file("experiment.yaml"));
    const PoolPlaces places = places_here(experiment.device, experiment.threads, request.count);
    throw_outcome(sweep, run_pool(sweep, jobs, places, request.pause_after, log));
  } catch (const Interrupted&) {
    queue_again(sweep, log);
    throw;
  }
}

void collect_and_go_on(const std::string& path, std::int64_t pause_after, Log& log) {
  const SweepFolder sweep = SweepFolder::open(path);
  std::printf("%s%s\n", collect(sweep, Launching::ended).c_str(), path.c_str());
  check_promotions(sweep);
  if (pause_after == 0) return;
  const Work work = next_work(sweep, Failed::left);
  if (!work.jobs.empty() && work.pause_after != pause_after)
    submit_to_slurm(sweep, work.jobs, work.pause_after, log);
}

std::string collect(const SweepFolder& sweep, Launching launching) {
  const SweepSettings settings = sweep.settings();
  std::vector<RunOutcome> outcomes = outcomes_of(sweep);
  if (launching == Launching::ended) end_waiting(outcomes);
  write_results(sweep, outcomes);
  if (settings.method == SweepMethod::halving)
    write_standings(sweep.file("halving.csv"), halving_state(sweep).standings);
  std::vector<PairedDifference> differences;
  if (settings.ablation) {
    differences = paired_differences(outcomes);
    write_differences(sweep.file("differences.csv"), differences);
  }
  const std::vector<Configuration> configurations =
      configurations_of(outcomes, settings.metric.smaller_is_better);
  write_configurations(sweep.file("configurations.csv"), configurations, settings.metric.name);
  write_sweep_report(sweep, settings, outcomes, configurations, differences);
  if (settings.ablation) return differences_table(settings, differences);
  return have_seeds(configurations) ? best_configurations_table(settings, configurations)
                                    : best_runs_table(settings, outcomes);
}

std::string status_text(const std::string& path) {
  if (!SweepFolder::is_sweep(path)) return status_of_run(path);
  const SweepFolder sweep = SweepFolder::open(path);
  return status_of_sweep(sweep, unfinished_jobs(sweep).empty() ? Launching::ended : launching_of(sweep));
}

WatchedStatus watched_status(const std::string& path) {
  if (!SweepFolder::is_sweep(path)) {
    const bool at_rest = state_of_run(path).phase != RunPhase::running;
    return {status_of_run(path), at_rest};
  }
  const SweepFolder sweep = SweepFolder::open(path);
  const Launching launching = launching_of(sweep);
  const std::vector<Job> jobs = unfinished_jobs(sweep);
  const bool running = std::any_of(jobs.begin(), jobs.end(), [&](const Job& job) {
    return state_of_run(sweep.run(job)).phase == RunPhase::running;
  });
  return {status_of_sweep(sweep, launching), launching != Launching::going_on && !running};
}

}  // namespace sparcell
