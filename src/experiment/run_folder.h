// The folder of one run: who may write there, and its small files.
#pragma once

#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/appended_file.h"
#include "experiment/run_lock.h"
#include "sparcell/core/log.h"
#include "train/trainer.h"

namespace sparcell {

/// Where a run's files lie.
struct RunPaths {
  std::filesystem::path folder;

  std::string file(const std::string& name) const { return (folder / name).string(); }
  std::string checkpoint(const std::string& model, const std::string& which) const {
    return (folder / "checkpoints" / model / (which + ".h5")).string();
  }
  /// Whether there is one that the model's training can go on from.
  bool has_checkpoint(const std::string& model) const {
    return std::filesystem::exists(checkpoint(model, "last")) ||
           std::filesystem::exists(checkpoint(model, "previous"));
  }
  std::string preprocessing() const { return (folder / "checkpoints" / "preprocessing.h5").string(); }
  std::string generated(const std::string& model) const { return file("generated_" + model + ".h5ad"); }
};

/// `runs/<name>/<stamp>`, or `out` where it is given. Throws UsageError where that holds a run or is a file.
std::filesystem::path choose_run_folder(const std::string& name, const std::string& out);

/// A run folder that this process alone writes to. Until it is kept, what is put there goes with it: a run
/// that fails before it has something to show leaves nothing behind. Nothing is removed once another process
/// has taken the folder over.
class OwnedRunFolder {
 public:
  /// A new run's: created with its folder of checkpoints. Throws UsageError where this process cannot, where
  /// there is a run by now, and where another process is making one.
  static std::unique_ptr<OwnedRunFolder> create(const std::filesystem::path& folder);
  /// A stopped run's, which is kept. Half-written files of dead processes are removed, and a folder of
  /// checkpoints is made where there is none. Throws Interrupted where the disk is full.
  static std::unique_ptr<OwnedRunFolder> open(const std::filesystem::path& folder);
  ~OwnedRunFolder();
  OwnedRunFolder(const OwnedRunFolder&) = delete;
  OwnedRunFolder& operator=(const OwnedRunFolder&) = delete;

  const RunPaths& paths() const { return paths_; }
  void keep() { kept_ = true; }
  bool kept() const { return kept_; }
  void check_lock() const { lock_->check(); }
  bool is_ours() const { return lock_ && lock_->is_ours(); }

 private:
  explicit OwnedRunFolder(const std::filesystem::path& folder) : paths_{folder} {}
  void create_checkpoints() const;
  void take_lock();
  void remove_created_parents() const;

  RunPaths paths_;
  std::set<std::filesystem::path> before_;              ///< what lay there already
  std::vector<std::filesystem::path> created_parents_;  ///< innermost first; the folder itself among them
  bool kept_ = false;
  std::optional<RunLock> lock_;
};

/// A log that goes to the terminal and, once the run has a folder, to the end of its log.txt, the lines
/// before it included.
class RunLog {
 public:
  RunLog();
  Log& log() { return log_; }
  /// Says something about the way this process goes, which is no part of the result.
  void remark(const std::string& line) { show("warning: " + line); }
  /// Warnings so far, without remarks.
  const std::vector<std::string>& warnings() const { return warnings_; }
  void open(const std::string& path);

 private:
  void show(const std::string& line);

  std::vector<std::string> lines_, warnings_;
  std::ofstream file_;
  Log log_;
};

/// metrics.csv: epoch,step,model,split,name,value.
class MetricsFile {
 public:
  /// Goes on at the end of the file where there is one.
  explicit MetricsFile(const std::string& path);

  void add(const std::string& model, const EpochRecord& record);
  /// Takes out what stands there of the model's epochs from `epoch` on, and what a killed process left of a
  /// line. Returns how many of its epochs remain.
  std::int64_t cut_back(const std::string& model, std::int64_t epoch);
  /// Model by model in this order, as a run that was never stopped writes it.
  void sort(const std::vector<std::string>& models);
  /// Returns when all of it is on the disk: a checkpoint must not be there before its curves. From any
  /// thread.
  void sync();

 private:
  void replace(const std::vector<std::string>& lines);
  std::vector<std::string> whole_lines() const;

  std::string path_;
  std::optional<AppendedFile> file_;
};

/// Where a run stands: its stage, and in training which of its models and how far that one is.
struct Progress {
  std::string stage;
  std::string model;  ///< empty: no model's training has begun
  std::int64_t model_number = 0, model_count = 0;
  std::int64_t epoch = 0, epochs = 0;  ///< taken, and to take

  /// What a status.json says of it.
  static Progress of(const nlohmann::json& status);
  nlohmann::ordered_json json() const;
};

/// status.json: what the run is doing, for people and for schedulers. Written whole.
class Status {
 public:
  /// `always` stands in it whatever the state is, `earlier` is where processes before this one left the run.
  Status(std::string path, nlohmann::ordered_json always, Progress earlier)
      : path_(std::move(path)), always_(std::move(always)), progress_(std::move(earlier)) {}
  /// The data are prepared: a resumed run stands where it stood.
  void prepare();
  void evaluate();
  /// Training has come so far; the file is written by `write_progress`.
  void note(Progress progress) { progress_ = std::move(progress); }
  /// Whether progress is worth writing: at most once a second, for an epoch may take a millisecond.
  bool is_due() const;
  void write_progress();
  /// What training a model has cost so far.
  void set_cost(const std::string& model, nlohmann::ordered_json cost) {
    always_["cost"][model] = std::move(cost);
  }
  void done();
  /// How the run ended where it stands, said on the way out of it: a disk that is full must not hide why.
  void end(const std::string& state, const std::string& reason) noexcept;

 private:
  void write(const std::string& state,
             const nlohmann::ordered_json& details = nlohmann::ordered_json::object());

  std::string path_;
  nlohmann::ordered_json always_;
  Progress progress_;
  std::chrono::steady_clock::time_point written_;
};

}  // namespace sparcell
