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

/// The nearest folder above (or at) `path` that exists.
fs::path existing_ancestor(fs::path path) {
  path = fs::absolute(path);
  while (!path.empty() && !fs::exists(path) && path != path.parent_path()) path = path.parent_path();
  return path;
}

bool holds_run(const fs::path& folder) {
  return fs::exists(folder / "config.yaml") || fs::exists(folder / "result.json") ||
         fs::exists(folder / "status.json");
}

}  // namespace

fs::path choose_run_folder(const std::string& name, const std::string& out) {
  fs::path folder = out;
  if (out.empty()) {
    const fs::path base = fs::path("runs") / name / utc_now("%Y%m%d-%H%M%S");
    folder = base;
    for (int i = 2; fs::exists(folder); ++i) folder = base.string() + "-" + std::to_string(i);
  }
  if (fs::exists(folder) && !fs::is_directory(folder))
    throw UsageError("--out {}: this is a file, not a folder", folder.string());
  if (holds_run(folder))
    throw UsageError("{} holds a run already; choose another folder with --out", folder.string());
  const fs::path ancestor = existing_ancestor(folder);
  if (!fs::is_directory(ancestor) || access(ancestor.c_str(), W_OK | X_OK) != 0) {
    throw UsageError("the run folder {} cannot be created: {} is not writable", folder.string(),
                     ancestor.string());
  }
  return folder;
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
  if (!file_) throw DataError("{} cannot be written: {}", path, std::strerror(errno));
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
  if (!file_) throw DataError("{} cannot be written: {}", path_, std::strerror(errno));
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

}  // namespace sparcell
