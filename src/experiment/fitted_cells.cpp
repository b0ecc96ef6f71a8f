#include "experiment/fitted_cells.h"

#include <algorithm>
#include <filesystem>
#include <set>

#include "core/csv.h"
#include "experiment/run_folder.h"
#include "experiment/run_json.h"
#include "sparcell/config.h"
#include "sparcell/core/sha256.h"
#include "train/checkpoint.h"

namespace sparcell {
namespace {

std::string hash_of_names(std::vector<std::string> names) {
  std::sort(names.begin(), names.end());
  Sha256 sha;
  for (const std::string& name : names) sha.update(name + "\n");
  return sha.hex();
}

/// The cells of a run: all of them, and which were in training or validation.
struct SplitCells {
  std::vector<std::string> names;
  std::vector<bool> seen;

  std::vector<std::string> seen_names() const {
    std::vector<std::string> found;
    for (std::size_t c = 0; c < names.size(); ++c) {
      if (seen[c]) found.push_back(names[c]);
    }
    return found;
  }
};

SplitCells read_cells(const RunPaths& paths) {
  const std::vector<std::vector<std::string>> records = read_csv(paths.file("split.csv"));
  SplitCells cells;
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (records[r].size() != 2) continue;
    cells.names.push_back(records[r][0]);
    cells.seen.push_back(records[r][1] == "train" || records[r][1] == "validation");
  }
  return cells;
}

std::string data_checksum(const RunPaths& paths) {
  const nlohmann::json json = read_provenance(paths.file("provenance.json"));
  return json.value(nlohmann::json::json_pointer("/data/sha256"), "");
}

/// The run that this run's model started from; empty where there is none.
std::string start_of(const RunPaths& paths, const std::string& model) {
  for (const auto& [name, options] : load_experiment(paths.file("config.yaml")).model) {
    if (name == model) return options.train.init_from;
  }
  return "";
}

void check_names(const RunPaths& paths, const std::string& model, const std::vector<std::string>& names) {
  const std::string file = paths.checkpoint(model, "last");
  const std::string said = read_checkpoint(file).identity.seen_cells;
  if (!said.empty() && said != hash_of_names(names)) {
    throw DataError("{} was fitted on other cells than {} says: whether test cells took part cannot be told",
                    file, paths.file("split.csv"));
  }
}

/// Whether a model's weights are there, and what says on which cells they were fitted.
bool has_fitted_weights(const RunPaths& paths, const std::string& model) {
  return std::filesystem::exists(paths.file("split.csv")) &&
         std::filesystem::exists(paths.checkpoint(model, "last"));
}

/// Adds which of the data's cells a run has seen. Where its cells were the same, they are known by their
/// place: several may have a name. Else a cell counts as seen where one of its name was.
void add_seen(const SplitCells& cells, const Dataset& data, std::vector<bool>& seen) {
  const bool same = cells.names == data.cells.names;
  const std::vector<std::string> names = cells.seen_names();
  const std::set<std::string> known(names.begin(), names.end());
  for (std::size_t c = 0; c < seen.size(); ++c) {
    if (same ? cells.seen[c] : known.contains(data.cells.names[c])) seen[c] = true;
  }
}

/// Which of the data's cells the weights of a model of a run have seen.
std::vector<bool> seen_by(std::string run, const std::string& model, const Dataset& data, Log& log) {
  std::vector<bool> seen(data.cells.names.size(), false);
  for (std::set<std::string> visited; !run.empty() && visited.insert(run).second;) {
    const RunPaths paths{run};
    if (!has_fitted_weights(paths, model)) {
      log.warn("train.init_from: {} is gone; whether test cells took part in fitting its {} cannot be told",
               run, model);
      break;
    }
    const SplitCells cells = read_cells(paths);
    check_names(paths, model, cells.seen_names());
    if (data_checksum(paths) == data.checksum) {
      add_seen(cells, data, seen);
    } else {
      log.warn(
          "train.init_from: {} was trained on another data file; whether test cells took part cannot be "
          "told by their names",
          run);
    }
    run = start_of(paths, model);
  }
  return seen;
}

}  // namespace

std::vector<std::int32_t> seen_cells(const Prepared& prepared) {
  std::vector<std::int32_t> seen = prepared.split.train;
  seen.insert(seen.end(), prepared.split.validation.begin(), prepared.split.validation.end());
  return seen;
}

std::string seen_cells_hash(const Prepared& prepared) {
  std::vector<std::string> names;
  for (const std::int32_t cell : seen_cells(prepared)) names.push_back(prepared.data.cells.names[cell]);
  return hash_of_names(std::move(names));
}

StartChecksums noted_starts(const nlohmann::json& provenance) {
  StartChecksums starts;
  const auto noted = provenance.find("starts");
  if (noted == provenance.end() || !noted->is_object()) return starts;
  for (const auto& [model, checksum] : noted->items()) {
    if (checksum.is_string()) starts[model] = checksum;
  }
  return starts;
}

StartChecksums starts_of(const Experiment& experiment, const RunPaths& paths,
                         const nlohmann::json& provenance) {
  const StartChecksums noted = noted_starts(provenance);
  StartChecksums starts;
  for (const auto& [name, options] : experiment.model) {
    const std::string& run = options.train.init_from;
    if (run.empty()) continue;
    const auto then = noted.find(name);
    if (then != noted.end() && paths.has_checkpoint(name)) {
      starts.insert(*then);
      continue;
    }
    const std::string file = RunPaths{run}.checkpoint(name, "last");
    if (std::filesystem::is_directory(run) && !std::filesystem::exists(file)) {
      throw UsageError("train.init_from: {} has no weights of a model named {} (no file {})", run, name,
                       file);
    }
    starts[name] = start_checksum(run, name);
    if (then != noted.end() && then->second != starts[name]) {
      throw DataError("train.init_from: {} has changed since {} began, and {} is still to start from it",
                      file, paths.folder.string(), name);
    }
  }
  return starts;
}

std::vector<Fit> fits_of_starts(const Experiment& experiment, const Prepared& prepared, const RunPaths& paths,
                                Log& log) {
  std::vector<Fit> fits;
  for (const auto& [name, options] : experiment.model) {
    const std::string& run = options.train.init_from;
    if (run.empty()) continue;
    if (paths.has_checkpoint(name) && !has_fitted_weights(RunPaths{run}, name)) {
      log.warn(
          "train.init_from: the weights of {} in {} are gone; {} goes on from its own checkpoint, and "
          "whether test cells took part in theirs was looked at when the run began",
          name, run, name);
      continue;
    }
    const std::vector<bool> seen = seen_by(run, name, prepared.data, log);
    Fit fit{fmt::format("the weights of {} that {} starts from", run, name), {}};
    for (std::int32_t cell = 0; cell < prepared.data.cell_count(); ++cell) {
      if (seen[cell]) fit.cells.push_back(cell);
    }
    if (!fit.cells.empty()) fits.push_back(std::move(fit));
  }
  return fits;
}

}  // namespace sparcell
