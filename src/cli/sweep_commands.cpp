#include <chrono>
#include <cstdio>
#include <memory>
#include <thread>

#include "cli/commands.h"
#include "cli/whole_number.h"
#include "sweep/sweep.h"

namespace sparcell {
namespace {

struct SweepArguments {
  SweepRequest request;
  std::string folder;
  bool dry_run = false;
  bool watch = false;
};

using Given = std::shared_ptr<SweepArguments>;

void sweep_command(const SweepArguments& given) {
  Log log;
  if (given.dry_run) {
    std::fputs(dry_run(given.request, log).c_str(), stdout);
  } else {
    run_sweep(given.request, log);
  }
}

void add_sweep(CLI::App& app, Command& command, const char* name, const char* sentence, SweepKind kind) {
  const Given given = std::make_shared<SweepArguments>();
  given->request.kind = kind;
  CLI::App* sweep = app.add_subcommand(name, sentence);
  sweep->add_option("experiment", given->request.file, "YAML file of the experiment")->required();
  sweep->add_option("overrides", given->request.overrides,
                    "Overrides: a.b=value sets an option, ~a.b takes back what the file sets");
  sweep->add_option("--out", given->request.out,
                    fmt::format("The folder of its runs; default: runs/<name>/{}",
                                name == std::string("ablate") ? "ablation" : name));
  sweep
      ->add_option("--launcher", given->request.launcher,
                   "local: processes on this machine; slurm: job arrays on a cluster (section slurm)")
      ->check(CLI::IsMember({"local", "slurm"}))
      ->capture_default_str();
  sweep
      ->add_option("--jobs", given->request.slots,
                   "Runs at a time, sharing GPUs where there are fewer; default: one on each GPU, on the CPU "
                   "as many as have cores for their threads")
      ->check(whole_number(1, 10000));
  sweep->add_flag("--dry-run", given->dry_run, "List the runs with what they need, and stop");
  sweep->footer(
      "A run is named by the hash of its configuration and of its data: finished ones are not run again, stopped and\n"
      "failed ones go on, and a file that has gained values makes only the new runs.\n"
      "Exit code 0: all runs are done; 1: some failed; 75: stopped, and resumable (sparcell resume FOLDER).");
  sweep->callback([&command, given] { command = [given] { sweep_command(*given); }; });
}

void watch(const std::string& folder) {
  constexpr std::chrono::seconds interval{2};
  while (true) {
    const WatchedStatus now = watched_status(folder);
    std::printf("\033[H\033[J%s", now.text.c_str());
    std::fflush(stdout);
    if (now.at_rest) return;
    std::this_thread::sleep_for(interval);
  }
}

}  // namespace

void add_sweep_commands(CLI::App& app, Command& command) {
  add_sweep(app, command, "sweep", "Run an experiment with every combination of parameters",
            SweepKind::sweep);
  add_sweep(app, command, "ablate", "Run an experiment and its ablations, and compare them over seeds",
            SweepKind::ablation);

  const Given given = std::make_shared<SweepArguments>();
  CLI::App* status = app.add_subcommand("status", "Where a run, or every run of a sweep, stands");
  status->add_option("folder", given->folder, "Folder of a run or a sweep")->required();
  status->add_flag("--watch", given->watch, "Show it again every two seconds until nothing runs");
  status->callback([&command, given] {
    command = [given] {
      if (given->watch) {
        watch(given->folder);
      } else {
        std::fputs(status_text(given->folder).c_str(), stdout);
      }
    };
  });

  CLI::App* cancel =
      app.add_subcommand("cancel", "Stop a sweep; its runs save themselves and can go on later");
  cancel->add_option("sweep", given->folder, "Folder of the sweep")->required();
  cancel->callback([&command, given] {
    command = [given] {
      Log log;
      cancel_sweep(given->folder, log);
    };
  });
}

}  // namespace sparcell
