#include "sweep/task.h"

#include <algorithm>

#include "config/yaml_text.h"
#include "experiment/run.h"
#include "experiment/run_lock.h"
#include "sweep/data_files.h"
#include "sweep/run_state.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

/// After a submission that was killed, or with a data file that changed since, the folder would hold another
/// experiment than its name says.
void check_identity(const SweepFolder& sweep, const Job& job, const Experiment& experiment) {
  DataFiles data(sweep.file("data.json"));
  if (run_name(config_hash(experiment, data.outline(experiment.read).checksum)) == job.run) return;
  throw UsageError(
      "run {} of {} would be another experiment: its data file has changed since the sweep was submitted, or "
      "the submission was stopped half-way; submit it again",
      job.run, sweep.path().string());
}

/// Data files that moved are still those that the run's name stands for.
std::vector<std::string> paths_of_data(const fs::path& folder, const Experiment& experiment) {
  const ReadOptions &now = experiment.read, before = load_experiment(folder / "config.yaml").read;
  std::vector<std::string> overrides;
  const auto add = [&](const char* key, const std::string& path, const std::string& path_before) {
    if (path != path_before)
      overrides.push_back(fmt::format("{}={}", key, config::flow_text(nlohmann::ordered_json(path))));
  };
  add("read.path", now.path, before.path);
  add("read.annotations", now.annotations, before.annotations);
  return overrides;
}

void run_or_resume(const SweepFolder& sweep, const Job& job, const std::vector<std::string>& arguments,
                   std::int64_t pause_after) {
  const fs::path folder = sweep.run(job);
  if (fs::exists(folder / "result.json")) return;
  const Experiment experiment = sweep.experiment(job);
  if (fs::exists(folder / "config.yaml")) {
    resume(
        folder.string(),
        {.overrides = paths_of_data(folder, experiment), .arguments = arguments, .pause_after = pause_after});
    return;
  }
  forget_failure(folder);
  check_identity(sweep, job, experiment);
  run(experiment, {.out = folder.string(),
                   .overrides = job.overrides,
                   .arguments = arguments,
                   .pause_after = pause_after});
}

}  // namespace

void run_job(const SweepFolder& sweep, const Job& job, const std::vector<std::string>& arguments,
             std::int64_t pause_after) {
  try {
    run_or_resume(sweep, job, arguments, pause_after);
  } catch (const Interrupted&) {
    throw;
  } catch (const FolderInUse&) {
    throw;  // how the run ends is for that process to say
  } catch (const LockLost&) {
    throw;
  } catch (const Error& error) {
    note_failure(sweep.run(job), error.what(), static_cast<int>(error.code()));
    throw;
  } catch (const std::exception& error) {
    note_failure(sweep.run(job), error.what(), static_cast<int>(ExitCode::internal));
    throw;
  }
}

Job job_of_task(const SweepFolder& sweep, std::int64_t task) {
  const std::vector<Job> jobs = sweep.jobs();
  const auto found = std::find_if(jobs.begin(), jobs.end(), [&](const Job& job) { return job.task == task; });
  if (found == jobs.end())
    throw UsageError("--task {}: {} has no such task; it has {}", task, sweep.path().string(), jobs.size());
  return *found;
}

}  // namespace sparcell
