// What sweeps know of data files without reading them for every run.
#pragma once

#include <filesystem>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "sparcell/read.h"

namespace sparcell {

/// Outlines of the data files of many runs: each file is read once. With a cache file also once for all
/// submissions, as long as its size and time of change stay.
class DataFiles {
 public:
  explicit DataFiles(std::string cache = "") : cache_(std::move(cache)) {}

  const DataOutline& outline(const ReadOptions& options);
  /// Writes the cache file.
  void save() const;

 private:
  struct Known {
    nlohmann::ordered_json stamp;  ///< of the file before it was read: it may be replaced meanwhile
    DataOutline outline;
  };

  std::string cache_;
  std::mutex mutex_;  ///< runs are expanded by several threads
  std::map<std::string, Known> known_;
};

}  // namespace sparcell
