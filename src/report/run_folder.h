// What a finished run left in its folder, as far as the report reads it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "report/json.h"

namespace sparcell {

struct RunFolder {
  std::string path;
  Json result;  ///< result.json; the shapes of `models`, `baselines`, `verdicts` are as EXPERIMENTS.md says

  /// The path of a file of the run, or nothing where the run did not write it.
  std::optional<std::string> file(const std::string& name) const;
  std::vector<std::string> models() const;
};

/// Throws UsageError where the path is no folder of a finished run, DataError where its result.json is
/// damaged.
RunFolder open_run(const std::string& path);

/// The same with the content of result.json given.
RunFolder run_with(const std::string& path, Json result);

/// Throws DataError with the file's name where it does not hold JSON.
Json read_json(const std::string& path);

std::string read_text(const std::string& path);

}  // namespace sparcell
