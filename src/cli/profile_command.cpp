// sparcell profile: a profiler of NVIDIA around a few training steps.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "core/nearest.h"
#include "experiment/profiled_steps.h"
#include "ops/names.h"
#include "sparcell/config.h"
#include "sparcell/core/phases.h"
#include "sparcell/core/ranges.h"
#include "sweep/process.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

struct ProfileArguments {
  std::string tool, file, steps, model, range, out, graph;
  std::vector<std::string> overrides;
  bool dry_run = false;
};

/// `20:40`.
void read_steps(const std::string& text, ProfiledSteps& steps) {
  const char* const end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, steps.first);
  if (first.ec == std::errc{} && first.ptr != end && *first.ptr == ':') {
    const auto last = std::from_chars(first.ptr + 1, end, steps.end);
    if (last.ec == std::errc{} && last.ptr == end && steps.first >= 0 && steps.first < steps.end) return;
  }
  throw UsageError(
      "--steps {}: expected FIRST:END, as 20:40 for the twenty steps from number 20 on, counted from 0",
      text);
}

std::string choose_model(const Experiment& experiment, const std::string& asked, Log& log) {
  std::vector<std::string> names;
  for (const auto& [name, options] : experiment.model) names.push_back(name);
  if (asked.empty()) {
    if (names.size() > 1)
      log.info("profile: {}, the first of {} models (--model)", names.front(), names.size());
    return names.front();
  }
  if (std::find(names.begin(), names.end(), asked) != names.end()) return asked;
  const std::string meant = nearest(asked, names);
  throw UsageError("--model {}: the experiment has no such model{}", asked,
                   meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

/// The ranges that lie within training steps, or around them.
void check_range(const std::string& range) {
  if (!has_ranges())
    throw UsageError("--range {}: this build has no ranges, for NVTX's headers were not found", range);
  std::vector<std::string> names = op_names();
  names.insert(names.end(), phase_names.begin(), phase_names.end());
  names.emplace_back("train");
  if (std::find(names.begin(), names.end(), range) != names.end()) return;
  const std::string meant = nearest(range, names);
  throw UsageError("--range {}: training opens no such range{}; there are train, its phases and the ops",
                   range, meant.empty() ? "" : fmt::format("; did you mean {}?", meant));
}

/// Where nsys and ncu put what they collected: FILE with their own ending.
std::string choose_output(const ProfileArguments& given, const Experiment& experiment,
                          const ProfiledSteps& steps) {
  const std::string output =
      given.out.empty() ? fmt::format("{}_{}_{}-{}", experiment.name, steps.model, steps.first, steps.end)
                        : given.out;
  const std::string file = output + (given.tool == "nsys" ? ".nsys-rep" : ".ncu-rep");
  if (fs::exists(file)) throw UsageError("{} is there already; name another file with --out", file);
  return output;
}

/// The profiler's own command line: the tool, what it collects, and this program as `profile steps`.
std::vector<std::string> command_of(const ProfileArguments& given, const ProfiledSteps& steps,
                                    const std::string& output) {
  const bool nsys = given.tool == "nsys";
  const bool graph = nsys && given.range.empty();  // ranges of a recorded step are seen while it is recorded
  std::vector<std::string> command;
  const auto add = [&](std::initializer_list<std::string> words) { command.insert(command.end(), words); };
  if (nsys) {
    add({"nsys", "profile", "-t", "cuda,nvtx", "--sample=none", "--cpuctxsw=none",
         "--capture-range=cudaProfilerApi", "--capture-range-end=stop"});
    if (graph) add({"--cuda-graph-trace=node"});
    add({"--output", output});
  } else {
    add({"ncu", "--nvtx"});
    if (!given.range.empty()) add({"--nvtx-include", fmt::format("sparcell@{}/", given.range)});
    add({"--profile-from-start", "off", "--export", output});
  }
  add({fs::read_symlink("/proc/self/exe").string(), "profile", "steps", given.file});
  command.insert(command.end(), given.overrides.begin(), given.overrides.end());
  add({"--steps", given.steps, "--model", steps.model, "--graph", graph ? "step" : "off"});
  return command;
}

std::string line_of(const std::vector<std::string>& command) {
  std::string line;
  for (const std::string& word : command) line += (line.empty() ? "" : " ") + shell_word(word);
  return line;
}

bool is_in_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  for (std::string_view rest = path == nullptr ? "" : path; !rest.empty();) {
    const std::size_t colon = std::min(rest.find(':'), rest.size());
    const fs::path file = fs::path(rest.substr(0, colon)) / program;
    if (::access(file.c_str(), X_OK) == 0 && fs::is_regular_file(file)) return true;
    rest.remove_prefix(std::min(colon + 1, rest.size()));
  }
  return false;
}

/// Becomes the tool: its output, its signals and its exit code are the user's.
[[noreturn]] void become(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::fflush(stdout);
  ::execvp(argv[0], argv.data());
  throw UsageError("{} cannot be started: {}", command[0], std::strerror(errno));
}

void take_steps(const ProfileArguments& given, Experiment experiment, const ProfiledSteps& steps, Log& log) {
  if (!given.range.empty() || !given.out.empty() || given.dry_run)
    throw UsageError(
        "profile steps takes the steps itself: --range, --out and --dry-run are for nsys and ncu");
  for (auto& [name, options] : experiment.model) {
    if (given.graph == "off") options.train.graph = GraphMode::off;
    if (given.graph == "step") options.train.graph = GraphMode::step;
  }
  take_profiled_steps(experiment, steps, log);
}

void run_tool(const ProfileArguments& given, const Experiment& experiment, const ProfiledSteps& steps) {
  if (!given.graph.empty())
    throw UsageError("--graph is for profile steps: {} takes steps as its ranges need them", given.tool);
  if (!given.range.empty()) check_range(given.range);
  if (experiment.device == "cpu") check_device_of_profile(experiment);
  const std::string output = choose_output(given, experiment, steps);
  const std::vector<std::string> command = command_of(given, steps, output);
  if (given.dry_run) {
    std::printf("%s\n", line_of(command).c_str());
    return;
  }
  if (!is_in_path(given.tool)) {
    throw UsageError("{} is not in PATH: it comes with NVIDIA's Nsight {}; --dry-run prints the command",
                     given.tool, given.tool == "nsys" ? "Systems" : "Compute");
  }
  check_device_of_profile(experiment);
  std::printf("%s\n", line_of(command).c_str());
  if (given.tool == "nsys" && !given.range.empty()) {
    std::printf("then, for %s alone: nsys stats --filter-nvtx %s@sparcell %s\n", given.range.c_str(),
                given.range.c_str(), shell_word(output + ".nsys-rep").c_str());
  }
  become(command);
}

void profile_command(const ProfileArguments& given) {
  Log log;
  ProfiledSteps steps;
  read_steps(given.steps, steps);
  const Experiment experiment = load_experiment(given.file, given.overrides);
  steps.model = choose_model(experiment, given.model, log);
  if (given.tool == "steps") {
    take_steps(given, experiment, steps, log);
  } else {
    run_tool(given, experiment, steps);
  }
}

}  // namespace

void add_profile_command(CLI::App& app, Command& command) {
  const auto given = std::make_shared<ProfileArguments>();
  CLI::App* profile = app.add_subcommand("profile", "Look at training steps on a GPU with nsys or ncu");
  profile
      ->add_option("tool", given->tool, "nsys: a time line; ncu: every kernel; steps: what both of them run")
      ->required()
      ->check(CLI::IsMember({"nsys", "ncu", "steps"}));
  profile->add_option("experiment", given->file, "YAML file of the experiment")->required();
  profile->add_option("overrides", given->overrides,
                      "Overrides: a.b=value sets an option, ~a.b takes back what the file sets");
  profile
      ->add_option("--steps", given->steps, "FIRST:END, counted from 0 over all epochs, without END itself")
      ->required();
  profile->add_option("--model", given->model, "Which of the experiment's models; default: the first");
  profile->add_option("--range", given->range, "train, a phase or an op: only what runs in it");
  profile->add_option("--out", given->out, "The report, without its ending; default: <name>_<model>_<steps>");
  profile
      ->add_option("--graph", given->graph, "Of `steps`: what is recorded and repeated; default: train.graph")
      ->check(CLI::IsMember({"step", "off"}));
  profile->add_flag("--dry-run", given->dry_run, "Print the tool's command line and stop");
  profile->footer(
      "The tool's command line is printed and run: it shows how to do the same by hand, with other options. Data are\n"
      "prepared and the model is trained up to the last step asked for; nothing else of a run is made or written.\n"
      "Ranges are NVTX's, of the domain sparcell: stations, phases of training (data, forward, loss, backward,\n"
      "optimizer, evaluation, checkpoint) and ops. With --range, and with ncu, steps run op by op, without a graph.");
  profile->callback([&command, given] { command = [given] { profile_command(*given); }; });
}

}  // namespace sparcell
