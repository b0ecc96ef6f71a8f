#include "sweep/data_files.h"

#include <sys/stat.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "core/whole_file.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

using Json = nlohmann::ordered_json;

std::string key_of(const ReadOptions& options) {
  return fmt::format("{}|{}|{}", options.path, options.genome, options.feature_type);
}

/// What changes when a file does; null for what is no single file.
Json stamp_of(const std::string& path) {
  struct stat there {};
  if (::stat(path.c_str(), &there) != 0 || !S_ISREG(there.st_mode)) return nullptr;
  return {{"size", there.st_size},
          {"seconds", there.st_mtim.tv_sec},
          {"nanoseconds", there.st_mtim.tv_nsec},
          {"inode", there.st_ino}};
}

Json read_cache(const std::string& path) {
  std::ifstream file(path);
  Json json = Json::parse(file, nullptr, false);
  return json.is_object() ? json : Json::object();
}

}  // namespace

const DataOutline& DataFiles::outline(const ReadOptions& options) {
  const std::lock_guard guard(mutex_);
  const std::string key = key_of(options);
  const auto found = known_.find(key);
  if (found != known_.end()) return found->second.outline;
  const Json cached = cache_.empty() ? Json::object() : read_cache(cache_).value(key, Json::object());
  const Json stamp = stamp_of(options.path);
  if (!stamp.is_null() && cached.value("stamp", Json()) == stamp) {
    const DataOutline outline{cached["checksum"], cached["cells"].get<std::int64_t>(),
                              cached["genes"].get<std::int64_t>()};
    return (known_[key] = {stamp, outline}).outline;
  }
  return (known_[key] = {stamp, sparcell::outline(options)}).outline;
}

void DataFiles::save() const {
  Json json = Json::object();
  for (const auto& [key, known] : known_) {
    json[key] = {{"stamp", known.stamp},
                 {"checksum", known.outline.checksum},
                 {"cells", known.outline.cells},
                 {"genes", known.outline.genes}};
  }
  write_file(cache_, json.dump(2) + "\n");
}

}  // namespace sparcell
