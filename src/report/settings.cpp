#include "report/settings.h"

#include <algorithm>
#include <sstream>
#include <utility>
#include <vector>

namespace sparcell {
namespace {

/// Keys, and sections with a dot behind them. `train.graph` and `train.branches` change no result.
constexpr const char* may_differ[] = {"name",    "seed",       "tags",        "threads",       "device",
                                      "report.", "split.seed", "train.graph", "train.branches"};

bool counts(const std::string& key) {
  return std::none_of(std::begin(may_differ), std::end(may_differ), [&](const std::string& other) {
    return other.back() == '.' ? key.starts_with(other) : key == other;
  });
}

/// The file is a run's own, which has maps in blocks and all other values in their line.
Settings lines_of(const std::string& text) {
  Settings settings;
  std::vector<std::pair<std::size_t, std::string>> above;  // the sections around a line, with their indents
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t indent = line.find_first_not_of(' '), colon = line.find(':', indent);
    if (indent == std::string::npos || colon == std::string::npos) continue;
    while (!above.empty() && above.back().first >= indent) above.pop_back();
    const std::string key =
        (above.empty() ? "" : above.back().second + ".") + line.substr(indent, colon - indent);
    if (colon + 1 == line.size()) {
      above.emplace_back(indent, key);
    } else {
      settings[key] = line.substr(colon + 2);
    }
  }
  return settings;
}

}  // namespace

Settings settings_of(const std::string& config, const std::string& data_checksum) {
  Settings settings = lines_of(config);
  std::erase_if(settings, [](const auto& setting) { return !counts(setting.first); });
  if (!data_checksum.empty()) {
    settings.erase("read.path");
    settings["data"] = data_checksum;
  }
  return settings;
}

std::optional<Settings> settings_of(const RunFolder& run) {
  const auto file = run.file("config.yaml");
  if (!file) return std::nullopt;
  Json checksum;
  if (const auto provenance = run.file("provenance.json"))
    checksum = read_json(*provenance).value(Json::json_pointer("/data/sha256"), Json());
  return settings_of(read_text(*file), checksum.is_string() ? checksum.get<std::string>() : "");
}

bool has_logarithms(const RunFolder& run) {
  const auto settings = settings_of(run);
  if (!settings) return true;
  const auto said = settings->find("normalize.log1p");
  return said == settings->end() || said->second != "false";
}

}  // namespace sparcell
