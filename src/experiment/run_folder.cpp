#include "experiment/run_folder.h"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/csv.h"

namespace sparcell {
namespace fs = std::filesystem;
namespace {

std::string utc_now(const char* format) {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[64];
  std::strftime(text, sizeof text, format, &parts);
  return text;
}

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

bool holds_run(const fs::path& folder) {
  return is_there(folder / "config.yaml") || is_there(folder / "result.json") || is_there(folder / "status.json");
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
  if (holds_run(folder))
    throw UsageError("{} holds a run already; choose another folder with --out", folder.string());
  return folder;
}

NewRunFolder::NewRunFolder(const fs::path& folder) : folder_(fs::absolute(folder)) {
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(folder_, error)) before_.insert(entry.path());
  for (fs::path path = folder_; path.has_relative_path() && !is_there(path); path = path.parent_path())
    created_parents_.push_back(path);
  fs::create_directories(folder_ / "checkpoints", error);
  if (error) {
    throw UsageError("the run folder {} cannot be created: {}; choose another with --out", folder.string(),
                     error.message());
  }
}

NewRunFolder::~NewRunFolder() {
  if (kept_) return;
  std::error_code ignored;
  std::vector<fs::path> added;
  for (const auto& entry : fs::directory_iterator(folder_, ignored)) {
    if (!before_.contains(entry.path())) added.push_back(entry.path());
  }
  for (const fs::path& path : added) fs::remove_all(path, ignored);
  for (const fs::path& path : created_parents_) fs::remove(path, ignored);  // unless another run is there
}

RunLog::RunLog()
    : log_([this](Log::Level level, const std::string& line) {
        const std::string shown = (level == Log::Level::warning ? "warning: " : "") + line;
        std::fprintf(stderr, "%s\n", shown.c_str());
        if (level == Log::Level::warning) warnings_.push_back(line);
        if (file_.is_open()) {
          file_ << shown << std::endl;
        } else {
          lines_.push_back(shown);
        }
      }) {}

void RunLog::open(const std::string& path) {
  file_.open(path);
  if (!file_) throw WriteError("{} cannot be written: {}", path, std::strerror(errno));
  for (const std::string& line : lines_) file_ << line << '\n';
  file_.flush();
  lines_.clear();
}

MetricsFile::MetricsFile(const std::string& path) : path_(path), file_(path) {
  file_ << "epoch,step,model,split,name,value\n";
}

void MetricsFile::add(const std::string& model, const EpochRecord& record) {
  add(model, record, "train", record.train);
  add(model, record, "validation", record.validation);
  add(model, record, "train", record.diagnostics);
  file_.flush();
  if (!file_) throw WriteError("{} cannot be written: {}", path_, std::strerror(errno));
}

void MetricsFile::add(const std::string& model, const EpochRecord& record, const char* split,
                      const LossParts& parts) {
  for (const auto& [name, value] : parts) {
    file_ << fmt::format("{},{},{},{},{},{}\n", record.epoch, record.step, model, split, name, value);
  }
}

void Status::set(const std::string& state, nlohmann::ordered_json details) {
  nlohmann::ordered_json status{
      {"state", state}, {"process", getpid()}, {"time", utc_now("%Y-%m-%dT%H:%M:%SZ")}};
  if (details.is_object()) status.update(details);
  write_file(path_, status.dump(2) + "\n");
}

void Status::end(const std::string& state, const std::string& reason) noexcept {
  try {
    set(state, {{"reason", reason}});
  } catch (const std::exception&) {
  }
}

}  // namespace sparcell
