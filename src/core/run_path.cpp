#include "core/run_path.h"

#include <filesystem>

#include "core/system.h"
#include "sparcell/core/errors.h"

namespace sparcell {

namespace fs = std::filesystem;

void check_folder(const std::string& path, const std::string& expected) {
  if (is_folder(path)) return;
  throw UsageError("{}: {}; {} was expected", path,
                   is_there(path) ? "this is a file" : "there is no such folder", expected);
}

void check_finished_run(const std::string& path) {
  check_folder(path, "a run's folder");
  if (fs::is_regular_file(fs::path(path) / "result.json")) return;
  if (fs::is_regular_file(fs::path(path) / "jobs.csv")) {
    throw UsageError(
        "{}: this is the folder of a sweep; its runs are the folders in it, by the names that its "
        "results.csv has",
        path);
  }
  const bool began = fs::exists(fs::path(path) / "config.yaml");
  throw UsageError(
      "{} holds no finished run: it has no result.json, which a run writes last{}", path,
      began ? fmt::format("; sparcell status {0} says where it stands, sparcell resume {0} goes on with it",
                          path)
            : "");
}

}  // namespace sparcell
