// Equal bits over two runs, as experiments promise them: which files, and which keys of result.json, may
// differ.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "support/temporary.h"

namespace sparcell::test {

/// Times, hosts and how a run was asked for.
inline bool may_differ(const std::string& file) {
  static const std::set<std::string> files{"log.txt", "provenance.json", "status.json", "overrides.yaml",
                                           "report.html"};
  return files.contains(file) || file.starts_with("events.out.tfevents");
}

inline nlohmann::json without_times(const std::string& result) {
  nlohmann::json json = nlohmann::json::parse(file_bytes(result));
  for (auto& [name, model] : json["models"].items()) model.erase("cost");
  json.erase("stages");
  json.erase("peak_memory_bytes");
  return json;
}

inline std::set<std::string> compared_files(const std::filesystem::path& run) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(run)) {
    const std::string name = entry.path().lexically_relative(run);
    if (entry.is_regular_file() && !may_differ(name)) names.insert(name);
  }
  return names;
}

/// What differs between two runs that should be equal, as a sentence each.
inline std::vector<std::string> differences(const std::filesystem::path& a, const std::filesystem::path& b) {
  std::vector<std::string> found;
  const std::set<std::string> names = compared_files(a);
  if (names != compared_files(b)) found.push_back("the runs have different files");
  for (const std::string& name : names) {
    const bool equal = name == "result.json" ? without_times(a / name) == without_times(b / name)
                                             : file_bytes(a / name) == file_bytes(b / name);
    if (!equal) found.push_back(name + " differs");
  }
  return found;
}

}  // namespace sparcell::test
