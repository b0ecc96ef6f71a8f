// The folder of a sweep or an ablation: its runs, and what is known of all of them together.
//
//     experiment.yaml    the experiment that runs change, resolved when the sweep was submitted
//     sweep.json         what the file says of many runs, and how they are launched
//     jobs.csv           the runs: a line each, with the overrides that make it of experiment.yaml
//     <hash12>/          a run's folder, named by its config hash
//     logs/<hash12>.log  what its processes printed
//     results.csv, configurations.csv, report.html, for an ablation differences.csv, with halving halving.csv
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "config/plan.h"

namespace sparcell {

/// Counts up when jobs.csv or sweep.json change in a way that an older version could not go on with.
inline constexpr int sweep_schema = 1;

/// A run's folder: the first 12 digits of its config hash.
inline std::string run_name(const std::string& config_hash) { return config_hash.substr(0, 12); }

/// A line of jobs.csv.
struct Job {
  std::int64_t task = 0;  ///< array tasks of clusters name runs by it: never given to another run
  std::string run;        ///< run_name
  bool active = true;     ///< in the file as it was when the sweep was last submitted
  std::string arm;        ///< of an ablation
  std::int64_t configuration = 0;
  std::int64_t seed = 0;
  std::vector<std::pair<std::string, std::string>> parameters;
  std::vector<std::string> overrides;
};

/// What runs are compared by.
struct Metric {
  std::string name;  ///< MODEL.test.mse: a path below `models` of result.json
  bool smaller_is_better = true;
};

/// sweep.json.
struct SweepSettings {
  bool ablation = false;
  std::string source;         ///< the experiment's file
  std::string source_sha256;  ///< of its content and the overrides
  std::string working_folder;  ///< from which it was submitted, and its relative paths are meant
  Metric metric;
  std::vector<std::string> doubts;  ///< why the metric may not compare the runs
  SweepMethod method = SweepMethod::grid;
  HalvingOptions halving;
  std::string launcher = "local";
  std::int64_t slots = 0;  ///< of the local launcher; 0: as many as the cores allow
  SlurmOptions slurm;
};

class SweepFolder {
 public:
  explicit SweepFolder(std::filesystem::path path) : path_(std::move(path)) {}
  /// Throws UsageError where there is no sweep, or one of another version.
  static SweepFolder open(const std::string& path);
  static bool is_sweep(const std::filesystem::path& path);

  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }
  std::filesystem::path run(const Job& job) const { return path_ / job.run; }
  std::string log(const Job& job) const { return (path_ / "logs" / (job.run + ".log")).string(); }

  std::vector<Job> jobs() const;
  void write_jobs(const std::vector<Job>& jobs) const;
  SweepSettings settings() const;
  void write_settings(const SweepSettings& settings) const;
  /// The experiment of a job, with the files that it reads as they are found from here.
  Experiment experiment(const Job& job) const;

 private:
  std::filesystem::path path_;
};

}  // namespace sparcell
