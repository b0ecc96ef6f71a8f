#include "sweep/task.h"

#include <algorithm>

#include "experiment/run.h"
#include "sweep/run_state.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

void run_or_resume(const SweepFolder& sweep, const Job& job, const std::vector<std::string>& arguments,
                   std::int64_t pause_after) {
  const fs::path folder = sweep.run(job);
  if (fs::exists(folder / "result.json")) return;
  if (fs::exists(folder / "config.yaml")) {
    resume(folder.string(), {.overrides = {}, .arguments = arguments, .pause_after = pause_after});
    return;
  }
  forget_failure(folder);
  run(sweep.experiment(job), {.out = folder.string(),
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
