#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/whole_number.h"
#include "core/run_path.h"
#include "experiment/commands.h"
#include "experiment/finished_run.h"
#include "sparcell/report.h"
#include "sweep/sweep.h"

namespace sparcell {
namespace {

struct RunCommandArguments {
  std::string run, input, output, model, weights, from, html, controls = "train";
  std::optional<std::string> perturbation;
  std::vector<std::string> runs, conditions, where;
  std::int64_t cells = 0;
  std::optional<std::int64_t> seed;
  bool fill_missing = false;
  bool reconstruct = false;

  std::optional<Weights> chosen_weights() const {
    if (weights.empty()) return std::nullopt;
    return weights == "best" ? Weights::best : Weights::last;
  }
  std::optional<SampleFrom> sample_from() const {
    if (from.empty()) return std::nullopt;
    return from == "mixture" ? SampleFrom::mixture : SampleFrom::prior;
  }
  std::optional<std::uint64_t> chosen_seed() const {
    return seed ? std::optional(static_cast<std::uint64_t>(*seed)) : std::nullopt;
  }
  ControlCells chosen_controls() const {
    const auto& words = Names<ControlCells>::values;
    return static_cast<ControlCells>(std::find(std::begin(words), std::end(words), controls) -
                                     std::begin(words));
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

using Pairs = std::vector<std::pair<std::string, std::string>>;

/// COLUMN=VALUE, each column once.
Pairs pairs_of(const std::string& option, const std::vector<std::string>& texts) {
  Pairs pairs;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      throw UsageError("{} {}: expected COLUMN=VALUE", option, text);
    const std::string column = text.substr(0, equals);
    for (const auto& [name, value] : pairs) {
      if (name == column) throw UsageError("{}: {} is given twice", option, column);
    }
    pairs.emplace_back(column, text.substr(equals + 1));
  }
  return pairs;
}

/// So that a page replaces nothing that is none.
void check_is_page(const std::string& path) {
  if (!path.empty() && !path.ends_with(".html"))
    throw UsageError("--html {}: a page is written there; name a file that ends in .html", path);
}

void write_reports(const std::vector<std::string>& runs, const std::string& together) {
  Log log;
  if (!together.empty()) {
    write_comparison(runs, together, log);
    std::printf("%s\n", together.c_str());
    return;
  }
  for (const std::string& run : runs) {  // all, before a page is written
    if (!SweepFolder::is_sweep(run)) check_finished_run(run);
  }
  for (const std::string& run : runs) {
    if (SweepFolder::is_sweep(run)) {
      const SweepFolder sweep = SweepFolder::open(run);
      collect(sweep, launching_of(sweep));
      std::printf("%s\n", sweep.file("report.html").c_str());
      continue;
    }
    const std::string output = (std::filesystem::path(run) / "report.html").string();
    write_report(run, output, FinishedRun(run).experiment().report, log);
    std::printf("%s\n", output.c_str());
  }
}

void add_embed(CLI::App& app, Command& command, const Given& given) {
  CLI::App* embed = add(app, "embed", "Latent values of another file's cells", given);
  embed->add_option("input", given->input, "Data file")->required();
  embed->add_option("output", given->output, "The .h5ad file to write")->required();
  add_model_choice(*embed, given);
  embed->add_flag("--fill-missing", given->fill_missing, "Take zeros for genes that the file lacks");
  embed->add_flag("--reconstruct", given->reconstruct,
                  "Also write the cells as the model sees them (X) and what it makes of them "
                  "(layers/reconstructed_MODEL)");
  embed->callback([&command, given] {
    command = [given] {
      Log log;
      sparcell::embed(given->run, given->input, given->output, given->choice(),
                      {.fill_missing = given->fill_missing, .reconstruct = given->reconstruct}, log);
    };
  });
}

void add_generate(CLI::App& app, Command& command, const Given& given) {
  CLI::App* generate = add(app, "generate",
                           "New cells from a VAE or a GAN; obs says under which conditions, and "
                           "layers/counts are those of a model of counts",
                           given);
  generate->add_option("output", given->output, "The .h5ad file to write")->required();
  generate->add_option("--cells", given->cells, "How many")->required()->check(whole_number(1, 100000000));
  generate->add_option("--seed", given->seed, "Seed of the draw; default: 0")->check(whole_number(0));
  generate->add_option(
      "--perturbation", given->perturbation,
      "Perturbed genes of every cell: A, A+B, control or a label of the data; default: as training cells "
      "have them");
  generate
      ->add_option("--condition", given->conditions,
                   "COLUMN=VALUE of every cell, of an obs column that the model is told; may be repeated")
      ->allow_extra_args(false);
  generate
      ->add_option(
          "--from", given->from,
          "prior or mixture (fitted to the training cells' latent values); default: as the model says")
      ->check(CLI::IsMember({"prior", "mixture"}));
  add_model_choice(*generate, given);
  generate->callback([&command, given] {
    command = [given] {
      Log log;
      const GenerateRequest request{given->cells, given->chosen_seed().value_or(0), given->sample_from(),
                                    given->perturbation, pairs_of("--condition", given->conditions)};
      sparcell::generate(given->run, request, given->output, given->choice(), log);
    };
  });
}

void add_predict(CLI::App& app, Command& command, const Given& given) {
  CLI::App* predict = add(app, "predict",
                          "Controls as a model predicts them under a perturbation: X is what is expected, "
                          "layers/counts of a model of counts are drawn",
                          given);
  predict->add_option("output", given->output, "The .h5ad file to write")->required();
  predict->add_option("--perturbation", given->perturbation, "Perturbed genes: A, or A+B")->required();
  predict
      ->add_option(
          "--controls", given->controls,
          "The control cells that it starts from, by their part of the run's split: train (those that the "
          "evaluation's means of predictions are over), validation, test or all")
      ->check(CLI::IsMember({"train", "validation", "test", "all"}))
      ->capture_default_str();
  predict
      ->add_option("--where", given->where,
                   "COLUMN=VALUE: only controls that have this in obs (a batch); may be repeated")
      ->allow_extra_args(false);
  predict
      ->add_option(
          "--seed", given->seed,
          "Seed of what is drawn: the counts of a model of counts, the cells of a GAN; default: the run's")
      ->check(whole_number(0));
  add_model_choice(*predict, given);
  predict->callback([&command, given] {
    command = [given] {
      Log log;
      sparcell::predict(given->run,
                        {*given->perturbation, given->chosen_controls(), pairs_of("--where", given->where),
                         given->chosen_seed()},
                        given->output, given->choice(), log);
    };
  });
}

void add_evaluate(CLI::App& app, Command& command, const Given& given) {
  CLI::App* evaluate =
      add(app, "evaluate", "Judge a run's models again, or on another file; JSON on standard output", given);
  evaluate->add_option(
      "input", given->input,
      "Data file whose cells are the test cells, by perturbation where it has the run's column of "
      "labels");
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
}

void add_report(CLI::App& app, Command& command, const Given& given) {
  CLI::App* report = app.add_subcommand(
      "report", "Write report.html of finished runs or sweeps again, or of several runs side by side");
  report->add_option("runs", given->runs, "Folders of finished runs or of sweeps")->required();
  report->add_option("--html", given->html,
                     "One page of all runs, written here; default: a page in each run");
  report->callback([&command, given] {
    command = [given] {
      check_is_page(given->html);
      write_reports(given->runs, given->html);
    };
  });
}

void add_compare(CLI::App& app, Command& command, const Given& given) {
  CLI::App* compare = app.add_subcommand("compare", "Compare finished runs side by side");
  compare->add_option("runs", given->runs, "Folders of finished runs")->required();
  compare->add_option("--html", given->html, "Write the comparison as a page, too");
  compare->callback([&command, given] {
    command = [given] {
      check_is_page(given->html);
      std::printf("%s", comparison_table(given->runs).c_str());
      if (!given->html.empty()) write_reports(given->runs, given->html);
    };
  });
}

}  // namespace

void add_run_commands(CLI::App& app, Command& command) {
  const Given given = std::make_shared<RunCommandArguments>();
  add_embed(app, command, given);
  add_generate(app, command, given);
  add_predict(app, command, given);
  add_evaluate(app, command, given);
  add_report(app, command, given);
  add_compare(app, command, given);
}

}  // namespace sparcell
