#include "experiment/run_files.h"

#include <filesystem>

#include "core/system.h"
#include "sparcell/core/errors.h"

namespace sparcell {

namespace fs = std::filesystem;

void find_files(Experiment& experiment, const std::string& began, const std::string& run) {
  std::error_code ignored;
  if (began.empty() || fs::path(began) == fs::current_path(ignored)) return;
  const auto is_missing = [](const std::string& path) {
    return !path.empty() && fs::path(path).is_relative() && !is_there(path);
  };
  const auto find = [&](std::string& path) {
    if (is_missing(path) && is_there(began / fs::path(path))) path = began / fs::path(path);
  };
  ReadOptions& read = experiment.read;
  for (std::string* path : {&read.path, &read.annotations, &experiment.split.file, &experiment.select.file})
    find(*path);
  if (experiment.products.has_plan()) find(experiment.products.plan);
  for (auto& [_, model] : experiment.model) {
    find(model.train.init_from);
    find(model.conditioning.embedding);  // where it is a word, no file has its name
  }
  for (const std::string& path : {read.path, read.annotations}) {
    if (is_missing(path))
      throw DataError("{}, which {} reads, is neither here nor in {}, where it began", path, run, began);
  }
}

}  // namespace sparcell
