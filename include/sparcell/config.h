// The configuration of an experiment: a YAML file and overrides become options; options become text, schema,
// help and hash. Everything here follows from the one description of each option (core/describe.h).
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "sparcell/experiment.h"

namespace sparcell {

struct LoadOptions {
  bool needs_path =
      true;  ///< refuse an experiment that names no file to read; `validate` of a template does not
  /// Where given, gets a sentence for each key that the file sets to another value than its default while other
  /// keys take its effect: no mistake for sure, since sweeps and ablations switch such keys on and off.
  std::vector<std::string>* warnings = nullptr;
};

/// Loads an experiment. Overrides are `a.b=value` (value in YAML) and `~a.b` (remove what the file sets) and
/// act, in order, on exactly the path that they name, after the files of `defaults` are composed and before
/// references (`${env:NAME}`,
/// `${key.path}`) are resolved. The result is resolved: `threads` is a number, `split.seed` is set, and the
/// train options of each model are the experiment's with the model's own over them. Relative data paths stay
/// relative to the working directory.
///
/// Throws one UsageError that holds everything that is wrong, a line each: `file:line:column: sentence` or
/// `override 'a.b=c': sentence`. Unknown and duplicate keys, wrong types, values out of bounds, and
/// combinations that make no sense and that the file alone shows.
Experiment load_experiment(const std::filesystem::path& file, const std::vector<std::string>& overrides = {},
                           const LoadOptions& options = {});

/// The experiment as a file: every option with its value. Loading it gives the same experiment.
std::string resolved_yaml(const Experiment& experiment);

/// JSON Schema (draft 2020-12) of experiment files: types, bounds, defaults, descriptions.
nlohmann::ordered_json config_schema();

/// Every option by section: key, type and bounds, default, sentence.
std::string option_help();

/// By model: the checksum of the weights that it starts from (`train.init_from`), as a run notes them when it
/// begins. The file may be gone or changed by the time that the run is looked at again.
using StartChecksums = std::map<std::string, std::string>;

/// Of the model's weights in that run. Throws DataError where they cannot be read.
std::string start_checksum(const std::string& run, const std::string& model);

/// 64 hex digits that name what a run computes: SHA-256 of the resolved experiment and of the data file's
/// checksum. Name, tags, report and paths do not count, and neither does where a value was written (in
/// `train` or in a model's own). `read.annotations`, `select.file`, `split.file`, `products.plan`, the table of
/// `conditioning.embedding` and the weights of `train.init_from` count by their content, those of `starts` by
/// what stands there. `device: auto` counts as auto. Throws DataError where one of those files cannot be read,
/// UsageError for the plan.
std::string config_hash(const Experiment& experiment, std::string_view data_checksum,
                        const StartChecksums& starts = {});

/// Names what a run must share with a checkpoint to go on from it: the config hash without what may change on
/// the way (train.epochs, steps, early_stopping and checkpoint, evaluate, device, threads, products.plan).
std::string lineage_hash(const Experiment& experiment, std::string_view data_checksum,
                         const StartChecksums& starts = {});

}  // namespace sparcell
