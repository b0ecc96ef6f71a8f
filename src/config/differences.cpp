#include "config/describe_experiment.h"
#include "config/plan.h"
#include "config/writer.h"
#include "config/yaml_text.h"

namespace sparcell {
namespace {

using config::Json;

std::string escaped(const std::string& key) {
  std::string part;
  for (const char c : key) {
    if (c == '.') part += '\\';
    part += c;
  }
  return part;
}

/// Whether no override can name the key: a path ends at the first `=`, and none of its parts is empty.
bool unnameable(const std::string& key) { return key.empty() || key.find('=') != std::string::npos; }

bool differs(const Json& from, const Json& to, const std::string& key) {
  return from.contains(key) != to.contains(key) || (to.contains(key) && from[key] != to[key]);
}

/// Whether an unnameable key is set, changed or removed: then the map is written as a whole.
bool needs_map(const Json& from, const Json& to) {
  for (const Json* map : {&from, &to}) {
    for (const auto& [key, _] : map->items()) {
      if (unnameable(key) && differs(from, to, key)) return true;
    }
  }
  return false;
}

void add_differences(const Json& from, const Json& to, const std::string& path,
                     std::vector<std::string>& overrides) {
  if (needs_map(from, to)) {
    overrides.push_back(fmt::format("{}={}", path, config::flow_text(to)));
    return;
  }
  for (const auto& [key, _] : from.items()) {
    if (!to.contains(key)) overrides.push_back(fmt::format("~{}", config::join_path(path, escaped(key))));
  }
  for (const auto& [key, value] : to.items()) {
    const std::string below = config::join_path(path, escaped(key));
    const auto before = from.find(key);
    if (before != from.end() && before->is_object() && value.is_object()) {
      add_differences(*before, value, below, overrides);
    } else if (before == from.end() || *before != value) {
      overrides.push_back(fmt::format("{}={}", below, config::flow_text(value)));
    }
  }
}

}  // namespace

std::vector<std::string> overrides_between(const Experiment& from, const Experiment& to) {
  std::vector<std::string> overrides;
  add_differences(config::tree_of(from), config::tree_of(to), "", overrides);
  return overrides;
}

}  // namespace sparcell
