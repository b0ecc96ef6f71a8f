#include "sweep/slurm.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <sstream>

#include "core/system.h"
#include "core/whole_file.h"
#include "experiment/signals.h"
#include "sweep/process.h"
#include "sweep/tables.h"

namespace sparcell {
namespace {

constexpr std::int64_t default_max_array_size = 1001;

std::string first_word(const std::string& text) { return text.substr(0, text.find_first_of(" \n;")); }

std::string trimmed(const std::string& text) { return text.substr(0, text.find_last_not_of(" \n") + 1); }

/// What a command of Slurm prints. Throws UsageError with its own words where it fails.
std::string slurm(const std::vector<std::string>& arguments) {
  const ProgramOutput output = run_program(arguments);
  if (output.code == 0) return output.out;
  if (output.code == 127 && output.err.empty()) {
    throw UsageError(
        "{} is not there: the launcher slurm needs Slurm's commands, as on a cluster's login node",
        arguments[0]);
  }
  throw UsageError("{} failed (exit code {}): {}", fmt::join(arguments, " "), output.code,
                   output.err.empty() ? "it says nothing" : trimmed(output.err));
}

/// Indices of arrays must stay below it.
std::int64_t max_array_size() {
  std::istringstream lines(slurm({"scontrol", "show", "config"}));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("MaxArraySize")) continue;
    const std::int64_t size = std::atoll(line.substr(line.find('=') + 1).c_str());
    if (size >= 1) return size;
    throw UsageError(
        "the launcher slurm submits job arrays, which this cluster does not take: scontrol says '{}', and 0 "
        "switches them off",
        trimmed(line));
  }
  return default_max_array_size;
}

/// 0 where there is no such file.
std::int64_t number_in(const std::string& path) {
  std::int64_t number = 0;
  std::ifstream(path) >> number;
  return number;
}

std::vector<std::string> submitted_jobs(const SweepFolder& sweep) {
  std::vector<std::string> ids;
  std::ifstream file(sweep.path() / "slurm" / "jobs");
  for (std::string id; std::getline(file, id);) ids.push_back(id);
  return ids;
}

/// Jobs that must not stay where a later one is refused.
class Submission {
 public:
  explicit Submission(const SweepFolder& sweep) : sweep_(sweep) {}
  ~Submission() {
    if (complete_) return;
    for (const std::string& id : ids_) run_program({"scancel", id});
  }
  Submission(const Submission&) = delete;
  Submission& operator=(const Submission&) = delete;

  void submit(const std::string& name, const std::string& script, const std::string& dependency) {
    const std::string path = (sweep_.path() / "slurm" / name).string();
    write_file(path, script);
    std::vector<std::string> arguments{"sbatch", "--parsable"};
    if (!dependency.empty()) arguments.push_back("--dependency=" + dependency);
    arguments.push_back(path);
    ids_.push_back(first_word(slurm(arguments)));
  }
  std::string after_all() const { return fmt::format("afterany:{}", fmt::join(ids_, ":")); }
  const std::vector<std::string>& complete() {
    write_file((sweep_.path() / "slurm" / "jobs").string(), fmt::format("{}\n", fmt::join(ids_, "\n")));
    complete_ = true;
    return ids_;
  }

 private:
  const SweepFolder& sweep_;
  std::vector<std::string> ids_;
  bool complete_ = false;
};

}  // namespace

void submit_to_slurm(const SweepFolder& sweep, const std::vector<Job>& jobs, std::int64_t pause_after,
                     Log& log) {
  const SlurmOptions options = sweep.settings().slurm;
  const auto scripts = array_scripts(sweep, jobs, options, pause_after, max_array_size());
  std::filesystem::create_directories(sweep.path() / "slurm");
  Submission submission(sweep);
  for (std::size_t i = 0; i < scripts.size(); ++i)
    submission.submit(fmt::format("array_{}.sh", i), scripts[i].text, "");
  submission.submit("collect.sh", collect_script(sweep, options, pause_after), submission.after_all());
  const std::vector<std::string>& ids = submission.complete();
  log.info("{} in jobs {}; job {} collects them in {}", runs_text(jobs.size()),
           fmt::join(ids.begin(), ids.end() - 1, ", "), ids.back(), sweep.path().string());
}

bool requeue_this_task(const SweepFolder& sweep, Log& log) {
  const SlurmOptions options = sweep.settings().slurm;
  const std::string array = environment("SLURM_ARRAY_JOB_ID"), task = environment("SLURM_ARRAY_TASK_ID");
  if (array.empty() || task.empty() || stop_signal() != SIGUSR1) return false;
  const std::string job = fmt::format("{}_{}", array, task);
  // Slurm's own count has preemptions and lost nodes in it, which a run may meet any number of times.
  const std::string timeouts = (sweep.path() / "slurm" / ("timeouts_" + job)).string();
  const std::int64_t before = number_in(timeouts);
  if (before >= options.max_num_timeout) {
    log.warn("job {} ran out of time {} times (slurm.max_num_timeout is {}): it is not queued again", job,
             before + 1, options.max_num_timeout);
    return false;
  }
  write_file(timeouts, fmt::format("{}\n", before + 1));
  slurm({"scontrol", "requeue", job});
  return true;
}

SlurmQueue slurm_queue(const SweepFolder& sweep) {
  const std::vector<std::string> ids = submitted_jobs(sweep);
  if (ids.empty()) return {};
  const ProgramOutput queue =
      run_program({"squeue", "--noheader", fmt::format("--jobs={}", fmt::join(ids, ","))});
  if (queue.code == 0) return {.has_jobs = !queue.out.empty()};
  if (queue.err.find("Invalid job id") != std::string::npos) return {};  // forgotten
  if (queue.code == 127 && queue.err.empty()) return {.is_here = false};
  return {.no_answer = queue.err.empty() ? fmt::format("exit code {}", queue.code) : trimmed(queue.err)};
}

void cancel_slurm_jobs(const SweepFolder& sweep, Log& log) {
  const std::vector<std::string> ids = submitted_jobs(sweep);
  if (ids.empty()) {
    log.info("{}: no jobs were submitted", sweep.path().string());
    return;
  }
  std::vector<std::string> arguments{"scancel"};
  arguments.insert(arguments.end(), ids.begin(), ids.end());
  slurm(arguments);
  std::filesystem::remove(sweep.path() / "slurm" / "jobs");
  log.info(
      "{}: jobs {} were cancelled; running runs save themselves, and sparcell resume {} goes on with them",
      sweep.path().string(), fmt::join(ids, ", "), sweep.path().string());
}

}  // namespace sparcell
