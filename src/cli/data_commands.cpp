#include <algorithm>
#include <cstdio>
#include <memory>

#include "cli/commands.h"
#include "cli/whole_number.h"
#include "config/values.h"
#include "sparcell/core/context.h"
#include "sparcell/read.h"
#include "sparcell/simulate.h"

namespace sparcell {
namespace {

struct InspectArguments {
  ReadOptions options;
  std::string preset = "auto";
  bool json = false;
};

void inspect_command(InspectArguments given) {
  for (std::size_t i = 0; i < std::size(Names<LabelPreset>::values); ++i) {
    if (Names<LabelPreset>::values[i] == given.preset)
      given.options.perturbation.preset = static_cast<LabelPreset>(i);
  }
  const Inspection inspection = inspect(given.options, available_threads());
  std::printf("%s\n", (given.json ? to_json(inspection) : to_text(inspection)).c_str());
}

/// Options of `simulate` from their description.
class OptionAdder {
 public:
  explicit OptionAdder(CLI::App& command) : command_(command) {}
  template <class T>
  void field(const char* name, T& value, Bounds bounds, const char* sentence) {
    CLI::Option* option =
        command_.add_option(std::string("--") + name, value, sentence)->capture_default_str();
    if constexpr (std::is_integral_v<T>) option->check(whole_number(std::numeric_limits<T>::min()));
    option->check([bounds](const std::string& text) {
      double number = 0;
      if (!CLI::detail::lexical_cast(text, number)) return std::string();  // add_option says it
      return bounds.contain(number)
                 ? std::string()
                 : fmt::format("{} is out of bounds, expected {}", text, config::bounds_text(bounds));
    });
  }

  template <NamedEnum Enum>
  void field(const char* name, Enum& value, const char* sentence) {
    std::vector<std::string> words;
    for (const std::string_view word : Names<Enum>::values) words.emplace_back(word);
    command_
        .add_option_function<std::string>(
            std::string("--") + name,
            [&value, words](const std::string& word) {
              value = static_cast<Enum>(std::find(words.begin(), words.end(), word) - words.begin());
            },
            sentence)
        ->default_str(name_of(value))
        ->check(CLI::IsMember(words));
  }

 private:
  CLI::App& command_;
};

}  // namespace

void add_data_commands(CLI::App& app, Command& command) {
  auto given = std::make_shared<InspectArguments>();
  CLI::App* inspect = app.add_subcommand("inspect", "Say what a data file holds");
  inspect->add_option("file", given->options.path, "File or folder")->required();
  inspect->add_flag("--json", given->json, "As JSON");
  inspect->add_option("--annotations", given->options.annotations,
                      "Table of more annotations of the cells, as CSV or TSV");
  inspect->add_option("--genome", given->options.genome, "Genome of a 10x file that holds several");
  inspect
      ->add_option("--feature-type", given->options.feature_type,
                   "Feature type of a 10x file; empty takes all")
      ->capture_default_str();
  inspect->add_option("--preset", given->preset, "Convention of the perturbation labels")
      ->check(CLI::IsMember({"auto", "none", "gears", "scperturb", "pertpy", "cpa"}));
  inspect->add_option("--column", given->options.perturbation.column,
                      "Obs column of the perturbation labels");
  inspect->callback([&command, given] { command = [given] { inspect_command(*given); }; });

  auto options = std::make_shared<SimulateOptions>();
  auto path = std::make_shared<std::string>();
  CLI::App* simulate =
      app.add_subcommand("simulate", "Write a synthetic Perturb-seq data set with its truth");
  simulate->add_option("output", *path, "The .h5ad file to write")->required();
  OptionAdder adder(*simulate);
  describe(adder, *options);
  simulate->callback([&command, options, path] {
    command = [options, path] {
      options->threads = available_threads();
      Log log;
      sparcell::simulate(*path, *options, log);
    };
  });
}

}  // namespace sparcell
