#include "experiment/run_folder.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/system.h"
#include "core/whole_file.h"

namespace sparcell {
namespace fs = std::filesystem;
namespace {

bool holds_run(const fs::path& folder) {
  return is_there(folder / "config.yaml") || is_there(folder / "result.json") ||
         is_there(folder / "status.json");
}

/// Where a run itself writes. Other folders below it may be those of other runs.
void remove_unfinished_files_of_run(const fs::path& folder) {
  const fs::path checkpoints = folder / "checkpoints";
  remove_unfinished_files(folder.string());
  remove_unfinished_files(checkpoints.string());
  std::error_code ignored;
  for (const auto& model : fs::directory_iterator(checkpoints, ignored)) {
    if (model.is_directory(ignored)) remove_unfinished_files(model.path().string());
  }
}

[[noreturn]] void throw_holds_run(const fs::path& folder) {
  throw UsageError(
      "{} holds a run already; go on with it (sparcell resume {}) or choose another folder with --out",
      folder.string(), folder.string());
}

}  // namespace

fs::path choose_run_folder(const std::string& name, const std::string& out) {
  fs::path folder = out;
  if (out.empty()) {
    const fs::path base = fs::path("runs") / name / utc_now("%Y%m%d-%H%M%S");
    folder = base;
    for (int i = 2; is_there(folder); ++i) folder = base.string() + "-" + std::to_string(i);
  }
  std::error_code ignored;
  if (is_there(folder) && !fs::is_directory(folder, ignored))
    throw UsageError("--out {}: this is a file, not a folder", folder.string());
  if (holds_run(folder)) throw_holds_run(folder);
  return folder;
}

std::unique_ptr<OwnedRunFolder> OwnedRunFolder::create(const fs::path& folder) {
  std::unique_ptr<OwnedRunFolder> owned(new OwnedRunFolder(folder));
  owned->kept_ = true;  // until it is this process's own
  const fs::path full = fs::absolute(folder);
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(full, error)) owned->before_.insert(entry.path());
  for (fs::path path = full; path.has_relative_path() && !is_there(path); path = path.parent_path())
    owned->created_parents_.push_back(path);
  fs::create_directories(full, error);
  if (!error) owned->take_lock();
  if (!error) fs::create_directories(full / "checkpoints", error);
  if (error) {
    throw UsageError("the run folder {} cannot be created: {}; choose another with --out", folder.string(),
                     error.message());
  }
  if (holds_run(folder)) throw_holds_run(folder);
  remove_unfinished_files_of_run(folder);
  owned->kept_ = false;
  return owned;
}

std::unique_ptr<OwnedRunFolder> OwnedRunFolder::open(const fs::path& folder) {
  std::unique_ptr<OwnedRunFolder> owned(new OwnedRunFolder(folder));
  owned->kept_ = true;
  try {
    owned->lock_.emplace(folder);
  } catch (const WriteError& error) {
    throw Interrupted("{}; {} stays as it is", error.what(), folder.string());
  }
  owned->create_checkpoints();
  remove_unfinished_files_of_run(folder);
  return owned;
}

/// Where they were removed, the run begins anew.
void OwnedRunFolder::create_checkpoints() const {
  const fs::path checkpoints = paths_.folder / "checkpoints";
  std::error_code error;
  fs::create_directories(checkpoints, error);
  if (error == std::errc::no_space_on_device) {
    throw Interrupted("{} cannot be created: {}; {} stays as it is", checkpoints.string(), error.message(),
                      paths_.folder.string());
  }
  if (error) throw UsageError("{} cannot be created: {}", checkpoints.string(), error.message());
}

void OwnedRunFolder::take_lock() {
  try {
    lock_.emplace(paths_.folder);
  } catch (const Error&) {
    remove_created_parents();
    throw;
  }
}

/// Unless something is there by now.
void OwnedRunFolder::remove_created_parents() const {
  std::error_code ignored;
  for (const fs::path& path : created_parents_) fs::remove(path, ignored);
}

OwnedRunFolder::~OwnedRunFolder() {
  if (kept_ || !is_ours()) return;
  std::error_code ignored;
  std::vector<fs::path> added;
  for (const auto& entry : fs::directory_iterator(fs::absolute(paths_.folder), ignored)) {
    const bool is_lock = entry.path().filename() == "lock.json";
    if (!is_lock && !before_.contains(entry.path())) added.push_back(entry.path());
  }
  for (const fs::path& path : added) fs::remove_all(path, ignored);
  lock_.reset();  // last: until then no other process begins here
  remove_created_parents();
}

RunLog::RunLog()
    : log_([this](Log::Level level, const std::string& line) {
        if (level == Log::Level::warning) warnings_.push_back(line);
        show((level == Log::Level::warning ? "warning: " : "") + line);
      }) {}

void RunLog::show(const std::string& line) {
  std::fprintf(stderr, "%s\n", line.c_str());
  if (file_.is_open()) {
    file_ << line << std::endl;
  } else {
    lines_.push_back(line);
  }
}

void RunLog::open(const std::string& path) {
  file_.open(path, std::ios::app);
  if (!file_) throw WriteError("{}: cannot be written ({})", path, std::strerror(errno));
  for (const std::string& line : lines_) file_ << line << '\n';
  file_.flush();
  lines_.clear();
}

Progress Progress::of(const nlohmann::json& status) {
  return {.stage = status.value("stage", ""),
          .model = status.value("model", ""),
          .model_number = status.value("model_number", std::int64_t{0}),
          .model_count = status.value("model_count", std::int64_t{0}),
          .epoch = status.value("epoch", std::int64_t{0}),
          .epochs = status.value("epochs", std::int64_t{0})};
}

nlohmann::ordered_json Progress::json() const {
  nlohmann::ordered_json json{{"stage", stage}};
  if (model.empty()) return json;
  json.update({{"model", model},
               {"model_number", model_number},
               {"model_count", model_count},
               {"epoch", epoch},
               {"epochs", epochs}});
  return json;
}

void Status::write(const std::string& state, const nlohmann::ordered_json& details) {
  nlohmann::ordered_json status{{"state", state}, {"process", getpid()}, {"time", utc_now()}};
  status.update(details);
  status.update(always_);
  write_file(path_, status.dump(2) + "\n");
  written_ = std::chrono::steady_clock::now();
}

bool Status::is_due() const {
  using namespace std::chrono_literals;
  return std::chrono::steady_clock::now() - written_ > 1s;
}

void Status::prepare() {
  progress_.stage = "prepare";
  write_progress();
}

void Status::evaluate() {
  progress_ = {};
  progress_.stage = "evaluate";
  write_progress();
}

void Status::write_progress() { write("running", progress_.json()); }

void Status::done() { write("done"); }

void Status::end(const std::string& state, const std::string& reason) noexcept {
  try {
    nlohmann::ordered_json details = progress_.json();
    details["reason"] = reason;
    write(state, details);
  } catch (const std::exception&) {
  }
}

}  // namespace sparcell
