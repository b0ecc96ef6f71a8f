#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "experiment/commands.h"
#include "experiment/finished_run.h"
#include "sparcell/report.h"

namespace sparcell {
namespace {

struct RunCommandArguments {
  std::string run, input, output, model, weights, from, html, perturbation;
  std::vector<std::string> runs;
  std::int64_t cells = 0;
  std::int64_t seed = 0;
  bool fill_missing = false;

  std::optional<Weights> chosen_weights() const {
    if (weights.empty()) return std::nullopt;
    return weights == "best" ? Weights::best : Weights::last;
  }
  std::optional<SampleFrom> sample_from() const {
    if (from.empty()) return std::nullopt;
    return from == "mixture" ? SampleFrom::mixture : SampleFrom::prior;
  }
  ModelChoice choice() const { return {.model = model, .weights = chosen_weights()}; }
};

using Given = std::shared_ptr<RunCommandArguments>;

CLI::App* add(CLI::App& app, const char* name, const char* sentence, const Given& given) {
  CLI::App* command = app.add_subcommand(name, sentence);
  command->add_option("run", given->run, "Folder of a finished run")->required();
  return command;
}

void add_model_choice(CLI::App& command, const Given& given) {
  command.add_option("--model", given->model, "Which of the run's models");
  command.add_option("--weights", given->weights, "last or best; default: those that the run judged")
      ->check(CLI::IsMember({"last", "best"}));
}

void write_reports(const std::vector<std::string>& runs, const std::string& together) {
  Log log;
  if (!together.empty()) {
    write_comparison(runs, together, log);
    std::printf("%s\n", together.c_str());
    return;
  }
  for (const std::string& run : runs) {
    const std::string output = (std::filesystem::path(run) / "report.html").string();
    write_report(run, output, FinishedRun(run).experiment().report, log);
    std::printf("%s\n", output.c_str());
  }
}

}  // namespace

void add_run_commands(CLI::App& app, Command& command) {
  const Given given = std::make_shared<RunCommandArguments>();

  CLI::App* embed = add(app, "embed", "Latent values of another file's cells", given);
  embed->add_option("input", given->input, "Data file")->required();
  embed->add_option("output", given->output, "The .h5ad file to write")->required();
  add_model_choice(*embed, given);
  embed->add_flag("--fill-missing", given->fill_missing, "Take zeros for genes that the file lacks");
  embed->callback([&command, given] {
    command = [given] {
      Log log;
      sparcell::embed(given->run, given->input, given->output, given->choice(), given->fill_missing, log);
    };
  });

  CLI::App* generate = add(app, "generate", "New cells from a VAE or a GAN", given);
  generate->add_option("output", given->output, "The .h5ad file to write")->required();
  generate->add_option("--cells", given->cells, "How many")
      ->required()
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{100000000}));
  generate->add_option("--seed", given->seed, "Seed of the draw")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  generate
      ->add_option(
          "--from", given->from,
          "prior or mixture (fitted to the training cells' latent values); default: as the model says")
      ->check(CLI::IsMember({"prior", "mixture"}));
  add_model_choice(*generate, given);
  generate->callback([&command, given] {
    command = [given] {
      Log log;
      sparcell::generate(given->run, given->output, given->cells, static_cast<std::uint64_t>(given->seed),
                         given->sample_from(), given->choice(), log);
    };
  });

  CLI::App* predict = add(app, "predict", "Controls as a model predicts them under a perturbation", given);
  predict->add_option("output", given->output, "The .h5ad file to write")->required();
  predict->add_option("--perturbation", given->perturbation, "Perturbed genes: A, or A+B")->required();
  add_model_choice(*predict, given);
  predict->callback([&command, given] {
    command = [given] {
      Log log;
      sparcell::predict(given->run, given->perturbation, given->output, given->choice(), log);
    };
  });

  CLI::App* evaluate =
      add(app, "evaluate", "Judge a run's models again, or on another file; JSON on standard output", given);
  evaluate->add_option("input", given->input, "Data file whose cells are the test cells");
  evaluate->add_option("--weights", given->weights, "last or best")->check(CLI::IsMember({"last", "best"}));
  evaluate->add_flag("--fill-missing", given->fill_missing, "Take zeros for genes that the file lacks");
  evaluate->callback([&command, given] {
    command = [given] {
      Log log;
      std::printf(
          "%s\n",
          evaluate_run(given->run, given->input, given->chosen_weights(), given->fill_missing, log).c_str());
    };
  });

  CLI::App* report = app.add_subcommand(
      "report", "Write report.html of finished runs again, or of several runs side by side");
  report->add_option("runs", given->runs, "Folders of finished runs")->required();
  report->add_option("--html", given->html,
                     "One page of all runs, written here; default: a page in each run");
  report->callback([&command, given] { command = [given] { write_reports(given->runs, given->html); }; });

  CLI::App* compare = app.add_subcommand("compare", "Compare finished runs side by side");
  compare->add_option("runs", given->runs, "Folders of finished runs")->required();
  compare->add_option("--html", given->html, "Write the comparison as a page, too");
  compare->callback([&command, given] {
    command = [given] {
      std::printf("%s", comparison_table(given->runs).c_str());
      if (!given->html.empty()) write_reports(given->runs, given->html);
    };
  });
}

}  // namespace sparcell
