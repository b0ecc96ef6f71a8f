#include "experiment/fitted_cells.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "core/csv.h"
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

/// The names that split.csv gives to training and validation.
std::vector<std::string> seen_names(const RunPaths& paths) {
  const std::vector<std::vector<std::string>> records = read_csv(paths.file("split.csv"));
  std::vector<std::string> names;
  for (std::size_t r = 1; r < records.size(); ++r) {
    if (records[r].size() == 2 && (records[r][1] == "train" || records[r][1] == "validation"))
      names.push_back(records[r][0]);
  }
  return names;
}

std::string data_checksum(const RunPaths& paths) {
  std::ifstream file(paths.file("provenance.json"));
  const auto json = nlohmann::json::parse(file, nullptr, false);
  if (!json.is_object() || !json.contains("data")) return "";
  return json["data"].value("sha256", "");
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

/// The names of all cells that the weights of a model of a run have seen.
std::set<std::string> names_behind(std::string run, const std::string& model, const std::string& checksum,
                                   Log& log) {
  std::set<std::string> all;
  for (std::set<std::string> visited; !run.empty() && visited.insert(run).second;) {
    const RunPaths paths{run};
    if (!has_fitted_weights(paths, model)) {
      log.warn("train.init_from: {} is gone; whether test cells took part in fitting its {} cannot be told",
               run, model);
      break;
    }
    const std::vector<std::string> names = seen_names(paths);
    check_names(paths, model, names);
    if (data_checksum(paths) == checksum) {
      all.insert(names.begin(), names.end());
    } else {
      log.warn(
          "train.init_from: {} was trained on another data file; whether test cells took part cannot be told "
          "by "
          "their names",
          run);
    }
    run = start_of(paths, model);
  }
  return all;
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
          "whether "
          "test cells took part in theirs was looked at when the run began",
          name, run, name);
      continue;
    }
    const std::set<std::string> names = names_behind(run, name, prepared.data.checksum, log);
    Fit fit{fmt::format("the weights of {} that {} starts from", run, name), {}};
    for (std::int32_t cell = 0; cell < prepared.data.cell_count(); ++cell) {
      if (names.contains(prepared.data.cells.names[cell])) fit.cells.push_back(cell);
    }
    if (!fit.cells.empty()) fits.push_back(std::move(fit));
  }
  return fits;
}

}  // namespace sparcell
