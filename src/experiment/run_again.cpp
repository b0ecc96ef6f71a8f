#include "experiment/run_again.h"

#include <filesystem>

#include "anndata/name.h"
#include "core/system.h"
#include "experiment/fitted_cells.h"
#include "experiment/run_files.h"

namespace sparcell {
namespace {

/// Whether `path` is the file `other`, under whatever name, or a file in the folder `other`.
bool is_part_of(const std::string& path, const std::string& other) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  if (!is_there(path) || !is_there(other)) return false;
  if (fs::equivalent(path, other, ignored)) return true;
  const fs::path below = fs::canonical(path, ignored), above = fs::canonical(other, ignored);
  return std::mismatch(above.begin(), above.end(), below.begin(), below.end()).first == above.end();
}

}  // namespace

Context context_of(const FinishedRun& run) {
  return Context(find_device(run.experiment().device), static_cast<int>(run.experiment().threads));
}

void check_output(const std::string& command, const FinishedRun& run, const std::string& output,
                  const std::string& input) {
  check_anndata_name(output);
  const std::filesystem::path folder = std::filesystem::path(output).parent_path();
  if (!folder.empty() && !is_folder(folder))  // seen before minutes of work, not after
    throw DataError("{}: cannot be created: there is no folder {}", output, folder.string());
  const auto keep = [&](const std::string& read, const char* what) {
    if (is_part_of(output, read))
      throw UsageError("{}: writing {} would destroy {}; name another file", command, output, what);
  };
  keep(input, "the input");
  keep(run.experiment().read.path, "the run's data");
  keep(run.experiment().read.annotations, "the run's annotations of cells");
  keep(run.paths().folder.string(), "a file of the run");
}

Prepared prepare_again(Context& context, const FinishedRun& run, Log& log) {
  Experiment experiment = run.experiment();
  find_files(experiment, run.working_folder(), run.paths().folder.string());
  const Experiment before = experiment;
  experiment.split = {};
  experiment.split.by = SplitBy::file;
  experiment.split.file = run.paths().file("split.csv");
  StageCosts costs;
  Prepared prepared = prepare(context, experiment, log, costs);
  if (config_hash(before, prepared.data.checksum, run.starts()) != run.config_hash()) {
    const std::string table =
        experiment.read.annotations.empty() ? "" : " with " + experiment.read.annotations;
    throw DataError("{}{} is not what {} was trained on: its content differs", experiment.read.path, table,
                    run.paths().folder.string());
  }
  return prepared;
}

std::unique_ptr<TrainedModel> load_conditioned(const FinishedRun& run, Context& context,
                                               const std::string& name, std::optional<Weights> weights,
                                               const Prepared& prepared, Log& log) {
  return run.load(context, name, weights, prepared.data,
                  ConditionTable(context, name, run.options(name), prepared, log), seen_cells_hash(prepared));
}

}  // namespace sparcell
