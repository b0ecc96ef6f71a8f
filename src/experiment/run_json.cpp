#include "experiment/run_json.h"

#include <fstream>

#include "core/system.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

using Json = nlohmann::json;

const char* kind_of(const Json& value) {
  if (value.is_number()) return "a number";
  if (value.is_string()) return "text";
  if (value.is_array()) return "a list";
  if (value.is_object()) return "a mapping";
  return value.is_null() ? "nothing" : "true or false";
}

void check_kind(const std::string& path, const std::string& key, const Json& found, const Json& like) {
  if (like.is_null()) return;
  if (std::string(kind_of(found)) != kind_of(like)) {
    throw DataError("{} is damaged: {} is {}, expected {}", path, key, kind_of(found), kind_of(like));
  }
  if (found.is_array() && !like.empty()) {
    for (const Json& item : found) check_kind(path, key, item, like[0]);
  }
  if (!found.is_object()) return;
  for (const auto& [name, value] : found.items()) {
    const auto expected = like.find(like.contains(name) ? name : "*");
    if (expected != like.end()) check_kind(path, key.empty() ? name : key + "." + name, value, *expected);
  }
}

}  // namespace

Json read_run_json(const std::string& path, const Json& like) {
  if (is_folder(path)) throw DataError("{} is a folder, expected a file of the run; remove it", path);
  std::ifstream file(path);
  const Json json = Json::parse(file, nullptr, false);
  if (!json.is_object()) return Json::object();
  check_kind(path, "", json, like);
  return json;
}

Json read_status(const std::string& path) {
  const Json cost{{"train_seconds", 0}, {"phases", {{"*", 0}}}, {"phase_samples", 0}};
  return read_run_json(path, {{"state", ""},
                              {"stage", ""},
                              {"model", ""},
                              {"reason", ""},
                              {"model_number", 0},
                              {"model_count", 0},
                              {"epoch", 0},
                              {"epochs", 0},
                              {"version", ""},
                              {"cost", {{"*", cost}}}});
}

Json read_provenance(const std::string& path) {
  const Json resumed = Json::array({Json{{"differences", Json::array({""})}}});
  return read_run_json(path, {{"build", Json::object()},
                              {"working_folder", ""},
                              {"products", Json::object()},
                              {"data", {{"sha256", ""}}},
                              {"resumed", resumed}});
}

}  // namespace sparcell
