// The folder of one run: who may write there, and its small files.
#pragma once

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

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
  std::string preprocessing() const { return (folder / "checkpoints" / "preprocessing.h5").string(); }
  std::string generated(const std::string& model) const { return file("generated_" + model + ".h5ad"); }
};

/// `runs/<name>/<stamp>`, or `out` where it is given. Throws UsageError where that holds a run or is a file.
std::filesystem::path choose_run_folder(const std::string& name, const std::string& out);

/// The folder of a run that begins. Until it is kept, what is put there goes with it: a run that fails before
/// it has something to show leaves nothing behind.
class NewRunFolder {
 public:
  /// Creates it with its folder of checkpoints. Throws UsageError where this process cannot.
  explicit NewRunFolder(const std::filesystem::path& folder);
  ~NewRunFolder();
  NewRunFolder(const NewRunFolder&) = delete;
  NewRunFolder& operator=(const NewRunFolder&) = delete;

  void keep() { kept_ = true; }
  bool kept() const { return kept_; }

 private:
  std::filesystem::path folder_;
  std::set<std::filesystem::path> before_;              ///< what lay there already
  std::vector<std::filesystem::path> created_parents_;  ///< innermost first; the folder itself among them
  bool kept_ = false;
};

/// A log that goes to the terminal and, once the run has a folder, to its log.txt, the lines before it
/// included.
class RunLog {
 public:
  RunLog();
  Log& log() { return log_; }
  /// Warnings so far.
  const std::vector<std::string>& warnings() const { return warnings_; }
  void open(const std::string& path);

 private:
  std::vector<std::string> lines_, warnings_;
  std::ofstream file_;
  Log log_;
};

/// metrics.csv: epoch,step,model,split,name,value.
class MetricsFile {
 public:
  explicit MetricsFile(const std::string& path);
  void add(const std::string& model, const EpochRecord& record);

 private:
  void add(const std::string& model, const EpochRecord& record, const char* split, const LossParts& parts);

  std::string path_;
  std::ofstream file_;
};

/// status.json: what the run is doing, for people and for schedulers. Written whole.
class Status {
 public:
  explicit Status(std::string path) : path_(std::move(path)) {}
  void set(const std::string& state, nlohmann::ordered_json details = {});
  /// How the run ended, said on the way out of it: a disk that is full must not hide why.
  void end(const std::string& state, const std::string& reason) noexcept;

 private:
  std::string path_;
};

}  // namespace sparcell
