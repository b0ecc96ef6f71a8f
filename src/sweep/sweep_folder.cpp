#include "sweep/sweep_folder.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>

#include "config/parse.h"
#include "config/reader.h"
#include "config/writer.h"
#include "core/csv.h"
#include "core/run_path.h"
#include "core/system.h"
#include "core/whole_file.h"
#include "experiment/run_files.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const std::vector<std::string> own_columns{"task",          "run",  "active",   "arm",
                                           "configuration", "seed", "overrides"};

std::int64_t integer(const std::string& text, const std::string& path) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw DataError("{} is damaged: '{}' where a number was expected", path, text);
  return value;
}

std::vector<std::string> override_list(const std::string& text, const std::string& path) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_array()) throw DataError("{} is damaged: overrides that are no JSON list", path);
  return json.get<std::vector<std::string>>();
}

/// The columns of parameters: the paths in the order in which jobs first name them.
std::vector<std::string> parameter_columns(const std::vector<Job>& jobs) {
  std::vector<std::string> columns;
  for (const Job& job : jobs) {
    for (const auto& [path, _] : job.parameters) {
      if (std::find(columns.begin(), columns.end(), path) == columns.end()) columns.push_back(path);
    }
  }
  return columns;
}

Json json_of_file(const std::string& path) {
  std::ifstream file(path);
  Json json = Json::parse(file, nullptr, false);
  if (!json.is_object()) throw DataError("{} is damaged: no JSON object", path);
  return json;
}

template <class Options>
void read_options(const Json& json, const std::string& path, Options& options) {
  config::Problems problems;
  const auto node = config::parse_yaml(json.dump(), {path, 0, 0}, problems);
  if (node) {
    config::Reader reader(*node, "", problems);
    describe(reader, options);
  }
  problems.throw_any();
}

}  // namespace

bool SweepFolder::is_sweep(const fs::path& path) {
  return is_there(path / "jobs.csv") && is_there(path / "sweep.json");
}

SweepFolder SweepFolder::open(const std::string& path) {
  check_folder(path, "a sweep's folder");
  if (!is_sweep(path)) throw UsageError("{} holds no sweep: it has no jobs.csv and sweep.json", path);
  SweepFolder folder{path};
  const Json json = json_of_file(folder.file("sweep.json"));
  if (json.value("schema", 0) != sweep_schema) {
    throw UsageError("{} is of another version of sparcell: sweep schema {}, expected {}", path,
                     json.value("schema", 0), sweep_schema);
  }
  return folder;
}

std::vector<Job> SweepFolder::jobs() const {
  const std::string path = file("jobs.csv");
  const auto records = read_csv(path);
  const std::size_t fixed = own_columns.size();
  std::vector<Job> jobs;
  for (std::size_t r = 1; r < records.size(); ++r) {
    const std::vector<std::string>& record = records[r];
    if (record.size() != records[0].size() || record.size() < fixed)
      throw DataError("{} is damaged: record {} has {} fields, the header {}", path, r + 1, record.size(),
                      records[0].size());
    Job job{.task = integer(record[0], path),
            .run = record[1],
            .active = record[2] == "1",
            .arm = record[3],
            .configuration = integer(record[4], path),
            .seed = integer(record[5], path),
            .parameters = {},
            .overrides = override_list(record[6], path)};
    for (std::size_t c = fixed; c < record.size(); ++c) {
      if (!record[c].empty()) job.parameters.emplace_back(records[0][c], record[c]);
    }
    jobs.push_back(std::move(job));
  }
  return jobs;
}

void SweepFolder::write_jobs(const std::vector<Job>& jobs) const {
  const std::vector<std::string> columns = parameter_columns(jobs);
  std::string text = fmt::format("{}", fmt::join(own_columns, ","));
  for (const std::string& column : columns) add_csv_field(text, column);
  text += '\n';
  for (const Job& job : jobs) {
    text += fmt::format("{},{},{},{},{},{},{}", job.task, job.run, job.active ? 1 : 0, csv_field(job.arm),
                        job.configuration, job.seed, csv_field(nlohmann::json(job.overrides).dump()));
    for (const std::string& column : columns) {
      const auto found = std::find_if(job.parameters.begin(), job.parameters.end(),
                                      [&](const auto& parameter) { return parameter.first == column; });
      add_csv_field(text, found == job.parameters.end() ? "" : found->second);
    }
    text += '\n';
  }
  write_file(file("jobs.csv"), text);
}

SweepSettings SweepFolder::settings() const {
  const std::string path = file("sweep.json");
  const Json json = json_of_file(path);
  SweepSettings settings;
  settings.ablation = json.value("kind", "") == "ablation";
  settings.source = json.value("source", "");
  settings.source_sha256 = json.value("source_sha256", "");
  settings.working_folder = json.value("working_folder", "");
  settings.metric = {json.value(Json::json_pointer("/metric/name"), std::string()),
                     json.value(Json::json_pointer("/metric/smaller_is_better"), true)};
  settings.doubts = json.value("doubts", std::vector<std::string>());
  settings.launcher = json.value("launcher", "local");
  settings.slots = json.value("slots", std::int64_t{0});
  SweepOptions sweep;
  read_options({{"method", json.value("method", "grid")}}, path, sweep);
  settings.method = sweep.method;
  if (json.contains("halving")) read_options(json["halving"], path, settings.halving);
  if (json.contains("slurm")) read_options(json["slurm"], path, settings.slurm);
  return settings;
}

void SweepFolder::write_settings(const SweepSettings& settings) const {
  const Json json{
      {"schema", sweep_schema},
      {"kind", settings.ablation ? "ablation" : "sweep"},
      {"source", settings.source},
      {"source_sha256", settings.source_sha256},
      {"working_folder", settings.working_folder},
      {"metric", {{"name", settings.metric.name}, {"smaller_is_better", settings.metric.smaller_is_better}}},
      {"doubts", settings.doubts},
      {"method", name_of(settings.method)},
      {"halving", config::tree_of(settings.halving)},
      {"launcher", settings.launcher},
      {"slots", settings.slots},
      {"slurm", config::tree_of(settings.slurm)}};
  write_file(file("sweep.json"), json.dump(2) + "\n");
}

Experiment SweepFolder::experiment(const Job& job) const {
  Experiment experiment = load_experiment(file("experiment.yaml"), job.overrides);
  find_files(experiment, settings().working_folder, path_.string());
  return experiment;
}

}  // namespace sparcell
