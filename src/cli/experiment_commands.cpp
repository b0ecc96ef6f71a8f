#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/whole_number.h"
#include "experiment/run.h"
#include "experiment/schema.h"
#include "experiment/tune.h"
#include "sparcell/config.h"
#include "sparcell/report.h"
#include "sweep/halving.h"
#include "sweep/sweep.h"
#include "sweep/tables.h"

namespace sparcell {
namespace {

struct RunArguments {
  std::string file, folder;
  std::vector<std::string> overrides;
  std::string out;
  std::int64_t task = -1, slots = 0;
  TaskRequest tasks;
  bool collect = false;
  bool print_config = false;
  bool fast_dev_run = false;
};

constexpr const char* override_help =
    "Overrides: a.b=value sets an option, ~a.b takes back what the file sets";

void show(const std::vector<std::string>& warnings) {
  Log log;
  for (const std::string& warning : warnings) log.warn("{}", warning);
}

void run_command(const RunArguments& given, const std::vector<std::string>& arguments) {
  std::vector<std::string> overrides = given.overrides;
  if (given.fast_dev_run) overrides.emplace_back("fast_dev_run=true");
  std::vector<std::string> warnings;
  const Experiment experiment =
      load_experiment(given.file, overrides, {.needs_path = !given.print_config, .warnings = &warnings});
  if (given.print_config) {
    std::fputs(resolved_yaml(experiment).c_str(), stdout);
    return;
  }
  show(warnings);
  const std::string folder =
      run(experiment, {.out = given.out, .overrides = overrides, .arguments = arguments});
  std::printf("%s\n%s\n", comparison_table(folder).c_str(), folder.c_str());
}

/// An option that would be passed over is a mistake of who gave it.
void check_resume_options(const RunArguments& given, bool of_sweep) {
  const bool task = given.task >= 0;
  const auto refuse_if = [](bool senseless, const char* option, const char* sentence) {
    if (senseless) throw UsageError("{} {}", option, sentence);
  };
  refuse_if(task && given.collect, "--collect", "runs nothing, and --task runs something: give one of them");
  refuse_if(given.slots > 0 && !of_sweep, "--jobs", "belongs to sweeps, and this is a run");
  refuse_if(given.slots > 0 && (task || given.collect), "--jobs",
            "belongs to a whole sweep, without --task and --collect");
  refuse_if(given.tasks.count > 1 && !task, "--count", "belongs to --task");
  refuse_if(given.tasks.pause_after > 0 && !task && !given.collect, "--pause-after", "belongs to --task");
}

void resume_command(const RunArguments& given, const std::vector<std::string>& arguments) {
  const bool of_sweep = SweepFolder::is_sweep(given.folder) || given.task >= 0 || given.collect;
  check_resume_options(given, of_sweep);
  if (of_sweep) {
    if (!given.overrides.empty())
      throw UsageError("{} is a sweep: its runs are those of its file, without overrides", given.folder);
    Log log;
    if (given.task >= 0) {
      TaskRequest tasks = given.tasks;
      tasks.first = given.task;
      tasks.arguments = arguments;
      run_tasks(given.folder, tasks, log);
    } else if (given.collect) {
      collect_and_go_on(given.folder, given.tasks.pause_after, log);
    } else {
      resume_sweep(given.folder, given.slots, log);
    }
    return;
  }
  resume(given.folder, {.overrides = given.overrides, .arguments = arguments});
  std::printf("%s\n%s\n", comparison_table(given.folder).c_str(), given.folder.c_str());
}

/// Checks every run of the file's sweep and ablation as their commands do; says how many there are. Without
/// data, files of different names count as different.
std::string check_plan(const Plan& plan) {
  const PlanOptions& options = plan.options();
  std::string text;
  const auto check = [&](SweepKind kind, const char* what) {
    Log log;
    const std::string metric = metric_of(plan, kind).name;
    std::vector<ExpandedRun> runs;
    for (const PlannedRun& run : planned_runs(plan, kind, log)) {
      Experiment experiment = plan.experiment(run);
      check_metrics(experiment.evaluate);
      if (kind == SweepKind::sweep) check_halving_of_run(plan, metric, run, experiment);
      std::vector<std::string> overrides = overrides_between(plan.reference(), experiment);
      std::string hash = resolved_yaml(experiment);  // no file is read for one: not even data need be there
      runs.push_back({run, std::move(experiment), std::move(hash), std::move(overrides), {}});
    }
    keep_different(runs, log);
    show(doubts_of(plan, kind, runs));
    text += fmt::format(", {} of its {}", runs_text(runs.size()), what);
  };
  const bool has_arms = !options.ablation.empty();
  const bool only_seeds = options.sweep.parameters.empty() && options.sweep.runs.empty();
  if (!only_seeds || (!has_arms && !options.sweep.seeds.empty())) check(SweepKind::sweep, "sweep");
  if (has_arms) check(SweepKind::ablation, "ablation");
  return text;
}

void add_resume(CLI::App& app, const std::vector<std::string>& arguments, Command& command,
                const std::shared_ptr<RunArguments>& given) {
  CLI::App* resume =
      app.add_subcommand("resume", "Go on with a run or a sweep that was stopped, or with more epochs");
  resume->add_option("run", given->folder, "Folder of the run or the sweep")->required();
  resume->add_option(
      "overrides", given->overrides,
      "Overrides of what may change on the way, as train.epochs=200, which extends a finished run");
  resume->add_option("--jobs", given->slots, "Of a sweep: runs at a time; default: as when it was submitted")
      ->check(whole_number(1, 10000));
  resume->add_option("--task", given->task, "Of a sweep: only the run with this number in its jobs.csv")
      ->check(whole_number(0));
  resume->add_option("--count", given->tasks.count, "With --task: so many runs from it on, side by side")
      ->check(whole_number(1, 10000));
  resume->add_option("--pause-after", given->tasks.pause_after, "With --task: stop after so many epochs")
      ->check(whole_number(0));
  resume->add_flag("--collect", given->collect, "Of a sweep: write its results, and nothing else");
  resume->footer(
      "A run goes on from its last checkpoint, however it was stopped: a signal, a kill, a full disk, a lost node.\n"
      "It ends with the bits of a run that was never stopped. Overrides can change train.epochs, train.steps,\n"
      "train.early_stopping, train.checkpoint, evaluate, report, name, tags, device, threads,\n"
      "products.plan, read.path and read.annotations.\n"
      "Exit code 75: stopped again, and resumable; 2: another process writes to the run.");
  resume->callback(
      [&command, given, arguments] { command = [given, arguments] { resume_command(*given, arguments); }; });
}

}  // namespace

void add_experiment_commands(CLI::App& app, const std::vector<std::string>& arguments, Command& command) {
  auto given = std::make_shared<RunArguments>();
  CLI::App* run = app.add_subcommand("run", "Run an experiment: from its YAML file to a report");
  run->add_option("experiment", given->file, "YAML file of the experiment")->required();
  run->add_option("overrides", given->overrides, override_help);
  run->add_option("--out", given->out, "The run folder; default: runs/<name>/<time>");
  run->add_flag("--print-config", given->print_config, "Print the resolved experiment and stop");
  run->add_flag("--fast-dev-run", given->fast_dev_run, "One epoch on two batches of everything");
  run->footer([] { return "Options of experiments:\n" + option_help(); });
  run->callback(
      [&command, given, arguments] { command = [given, arguments] { run_command(*given, arguments); }; });

  add_resume(app, arguments, command, given);

  CLI::App* validate = app.add_subcommand("validate", "Check an experiment's file without reading data");
  validate->add_option("experiment", given->file, "YAML file of the experiment")->required();
  validate->add_option("overrides", given->overrides, override_help);
  validate->callback([&command, given] {
    command = [given] {
      std::vector<std::string> warnings;
      const Plan plan(given->file, given->overrides, {.needs_path = false, .warnings = &warnings});
      const Experiment& experiment = plan.reference();
      check_metrics(experiment.evaluate);
      show(warnings);
      std::printf("%s is valid: %zu model%s%s\n", given->file.c_str(), experiment.model.size(),
                  experiment.model.size() == 1 ? "" : "s", check_plan(plan).c_str());
    };
  });

  CLI::App* tune = app.add_subcommand(
      "tune", "Measure the matrix products of an experiment's training steps on a GPU, and write the plan");
  tune->add_option("experiment", given->file, "YAML file of the experiment")->required();
  tune->add_option("overrides", given->overrides, override_help);
  tune->add_option("--out", given->out, "The plan to write, for products.plan of runs")->required();
  tune->footer(
      "Which algorithm a product takes decides its speed and its bits. A plan is for one kind of GPU,\n"
      "one version of the library, one precision, and the shapes of one experiment's steps; runs refuse\n"
      "one that does not fit.");
  tune->callback([&command, given] {
    command = [given] {
      Log log;
      sparcell::tune(load_experiment(given->file, given->overrides), given->out, log);
      std::printf("%s\n", given->out.c_str());
    };
  });

  CLI::App* schema = app.add_subcommand("schema", "Print the JSON schema of experiment files");
  schema->callback(
      [&command] { command = [] { std::printf("%s\n", experiment_schema().dump(2).c_str()); }; });
}

}  // namespace sparcell
