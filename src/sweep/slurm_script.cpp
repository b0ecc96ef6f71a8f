#include <algorithm>
#include <map>

#include "sweep/process.h"
#include "sweep/slurm.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

/// As one word of sbatch, which splits lines at blanks, ends them at # and takes a backslash for an escape. A
/// value that its user has put in quotes stays as it is.
std::string sbatch_word(const std::string& value) {
  const bool in_quotes =
      value.size() > 1 && value.front() == value.back() && (value.front() == '"' || value.front() == '\'');
  if (in_quotes || value.find_first_of(" \t#'\"\\") == std::string::npos) return value;
  std::string word = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') word += '\\';
    word += c;
  }
  return word + '"';
}

void add_option(std::string& script, const std::string& name, const std::string& value) {
  if (!value.empty()) script += fmt::format("#SBATCH --{}={}\n", name, sbatch_word(value));
}

/// Where jobs run and who pays: of arrays and of the collecting job. `number` is sbatch's pattern for a
/// job's.
std::string common_head(const SweepFolder& sweep, const SlurmOptions& options, const std::string& name,
                        const std::string& number) {
  std::string head = "#!/bin/bash\n";
  add_option(head, "job-name", name);
  add_option(head, "chdir", fs::current_path().string());
  add_option(head, "partition", options.partition);
  add_option(head, "account", options.account);
  add_option(head, "qos", options.qos);
  add_option(head, "open-mode", "append");
  add_option(head, "output",
             fs::absolute(sweep.path() / "logs" / fmt::format("{}_{}.out", name, number)).string());
  return head;
}

std::string setup_of(const SlurmOptions& options) {
  std::string lines;
  for (const std::string& line : options.setup) lines += line + "\n";
  return lines;
}

std::string program() { return shell_word(fs::read_symlink("/proc/self/exe").string()); }

std::string array_text(const SweepFolder& sweep, const ArrayScript& script, const SlurmOptions& options,
                       std::int64_t pause_after) {
  std::string text = common_head(sweep, options, "sparcell", "%A_%a");
  add_option(text, "array", fmt::format("{}%{}", index_ranges(script.indices), options.array_parallelism));
  add_option(text, "time", std::to_string(options.timeout_min));
  add_option(text, "signal", fmt::format("B:USR1@{}", options.signal_delay_s));
  text += "#SBATCH --requeue\n";
  add_option(text, "cpus-per-task", std::to_string(options.cpus_per_task));
  if (options.gpus_per_node > 0) add_option(text, "gpus-per-node", std::to_string(options.gpus_per_node));
  if (options.mem_gb > 0) add_option(text, "mem", fmt::format("{}G", options.mem_gb));
  add_option(text, "constraint", options.constraint);
  for (const auto& [name, values] : options.extra) {
    for (const std::string& value : values) add_option(text, name, value);
    if (values.empty()) text += fmt::format("#SBATCH --{}\n", name);
  }
  text += setup_of(options);
  const std::string task = options.runs_per_task == 1
                               ? fmt::format("$(({} + SLURM_ARRAY_TASK_ID))", script.offset)
                               : fmt::format("$(({} + SLURM_ARRAY_TASK_ID * {})) --count {}", script.offset,
                                             options.runs_per_task, options.runs_per_task);
  // The program itself is what Slurm signals: a shell before it would not pass USR1 on.
  return text + fmt::format("exec {} resume {} --task {}{}\n", program(),
                            shell_word(fs::absolute(sweep.path()).string()), task,
                            pause_after > 0 ? fmt::format(" --pause-after {}", pause_after) : "");
}

}  // namespace

std::string index_ranges(const std::vector<std::int64_t>& indices) {
  std::string text;
  for (std::size_t i = 0; i < indices.size();) {
    std::size_t last = i;
    while (last + 1 < indices.size() && indices[last + 1] == indices[last] + 1) ++last;
    if (!text.empty()) text += ',';
    text += last == i ? fmt::format("{}", indices[i]) : fmt::format("{}-{}", indices[i], indices[last]);
    i = last + 1;
  }
  return text;
}

std::vector<ArrayScript> array_scripts(const SweepFolder& sweep, const std::vector<Job>& jobs,
                                       const SlurmOptions& options, std::int64_t pause_after,
                                       std::int64_t max_array_size) {
  std::map<std::int64_t, ArrayScript> chunks;
  for (const Job& job : jobs) {
    const std::int64_t index = job.task / options.runs_per_task;
    ArrayScript& chunk = chunks[index / max_array_size];
    chunk.offset = index / max_array_size * max_array_size * options.runs_per_task;
    chunk.indices.push_back(index % max_array_size);
  }
  std::vector<ArrayScript> scripts;
  for (auto& [_, chunk] : chunks) {
    std::sort(chunk.indices.begin(), chunk.indices.end());
    chunk.indices.erase(std::unique(chunk.indices.begin(), chunk.indices.end()), chunk.indices.end());
    chunk.text = array_text(sweep, chunk, options, pause_after);
    scripts.push_back(std::move(chunk));
  }
  return scripts;
}

std::string collect_script(const SweepFolder& sweep, const SlurmOptions& options, std::int64_t pause_after) {
  std::string text = common_head(sweep, options, "sparcell_collect", "%j");
  constexpr int minutes = 30;
  add_option(text, "time", std::to_string(minutes));
  return text + setup_of(options) +
         fmt::format("exec {} resume {} --collect{}\n", program(),
                     shell_word(fs::absolute(sweep.path()).string()),
                     pause_after > 0 ? fmt::format(" --pause-after {}", pause_after) : "");
}

}  // namespace sparcell
