#include "core/run_path.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "core/system.h"
#include "sparcell/core/errors.h"

namespace sparcell {

namespace fs = std::filesystem;

namespace {

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

}  // namespace

void check_folder(const std::string& path, const std::string& expected) {
  if (!is_folder(path)) {
    throw UsageError("{}: {}; {} was expected", path,
                     is_there(path) ? "this is a file" : why_absent(path, "folder"), expected);
  }
  if (::access(path.c_str(), R_OK | X_OK) != 0)
    throw UsageError("{}: this folder cannot be looked into ({})", path, std::strerror(errno));
}

void check_finished_run(const std::string& path) {
  check_folder(path, "a run's folder");
  if (is_file(fs::path(path) / "result.json")) return;
  if (is_file(fs::path(path) / "jobs.csv")) {
    throw UsageError(
        "{}: this is the folder of a sweep; its runs are the folders in it, by the names that its "
        "results.csv has",
        path);
  }
  const bool began = is_there(fs::path(path) / "config.yaml");
  throw UsageError(
      "{} holds no finished run: it has no result.json, which a run writes last{}", path,
      began ? fmt::format("; sparcell status {0} says where it stands, sparcell resume {0} goes on with it",
                          path)
            : "");
}

}  // namespace sparcell
