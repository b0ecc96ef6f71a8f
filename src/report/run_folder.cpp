#include "report/run_folder.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include "core/run_path.h"
#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void damaged(const std::string& path, const std::string& key, const std::string& expected) {
  throw DataError("{}: `{}` is not {}; the file is damaged or was written by another program.", path, key,
                  expected);
}

void expect_numbers(const std::string& path, const std::string& key, const Json& object) {
  if (!object.is_object()) damaged(path, key, "a mapping");
  for (const auto& [name, value] : object.items()) {
    if (!value.is_number() && !value.is_null()) damaged(path, key + "." + name, "a number");
  }
}

// `models` and `baselines`: name -> {..., "test": {metric: number}}.
void expect_judged(const std::string& path, const std::string& key, const Json& result) {
  if (!result.contains(key)) return;
  if (!result[key].is_object()) damaged(path, key, "a mapping");
  for (const auto& [name, entry] : result[key].items()) {
    const std::string where = key + "." + name;
    if (!entry.is_object()) damaged(path, where, "a mapping");
    for (const char* numbers : {"test", "loss"}) {
      if (entry.contains(numbers)) expect_numbers(path, where + "." + numbers, entry[numbers]);
    }
  }
}

void expect_verdicts(const std::string& path, const Json& result) {
  if (!result.contains("verdicts")) return;
  if (!result["verdicts"].is_array()) damaged(path, "verdicts", "a list");
  for (const Json& verdict : result["verdicts"]) {
    if (!verdict.is_object()) damaged(path, "verdicts", "a list of mappings");
    for (const char* key : {"model", "metric", "baseline"}) {
      if (!verdict.contains(key) || !verdict[key].is_string())
        damaged(path, fmt::format("verdicts.{}", key), "a name");
    }
    const auto number = [](const Json& value) { return value.is_number() || value.is_null(); };
    const bool interval = verdict.contains("interval") && verdict["interval"].is_array() &&
                          verdict["interval"].size() == 2 && number(verdict["interval"][0]) &&
                          number(verdict["interval"][1]);
    if (!interval) damaged(path, "verdicts.interval", "a pair of numbers");
    if (!verdict.contains("difference") || !number(verdict["difference"])) {
      damaged(path, "verdicts.difference", "a number");
    }
    if (!verdict.contains("beats") || !verdict["beats"].is_boolean())
      damaged(path, "verdicts.beats", "true or false");
  }
}

void expect_strings(const std::string& path, const std::string& key, const Json& result) {
  if (!result.contains(key)) return;
  if (!result[key].is_array()) damaged(path, key, "a list");
  for (const Json& entry : result[key]) {
    if (!entry.is_string()) damaged(path, key, "a list of sentences");
  }
}

void expect_metric_info(const std::string& path, const Json& result) {
  if (!result.contains("metric_info")) return;
  if (!result["metric_info"].is_array()) damaged(path, "metric_info", "a list");
  for (const Json& entry : result["metric_info"]) {
    if (!entry.is_object() || !entry.contains("key") || !entry["key"].is_string()) {
      damaged(path, "metric_info", "a list of mappings with a `key`");
    }
  }
}

void expect_fits(const std::string& path, const Json& result) {
  if (!result.contains("fits")) return;
  if (!result["fits"].is_array()) damaged(path, "fits", "a list");
  for (const Json& fit : result["fits"]) {
    const bool whole = fit.is_object() && fit.contains("what") && fit["what"].is_string() &&
                       fit.contains("test_cells") && fit["test_cells"].is_number_integer();
    if (!whole) damaged(path, "fits", "a list of mappings with `what` and `test_cells`");
  }
}

/// A baseline under a key that it had before is there a second time.
void leave_out_earlier_names(Json& result) {
  if (!result.contains("baselines")) return;
  Json& baselines = result["baselines"];
  for (auto entry = baselines.begin(); entry != baselines.end();)
    entry = entry->contains("same_as") ? baselines.erase(entry) : std::next(entry);
}

}  // namespace

std::optional<std::string> RunFolder::file(const std::string& name) const {
  const fs::path found = fs::path(path) / name;
  if (!fs::is_regular_file(found)) return std::nullopt;
  return found.string();
}

std::vector<std::string> RunFolder::models() const {
  std::vector<std::string> names;
  if (result.contains("models")) {
    for (const auto& [name, entry] : result["models"].items()) names.push_back(name);
  }
  return names;
}

RunFolder open_run(const std::string& path) {
  check_finished_run(path);
  return run_with(path, read_json((fs::path(path) / "result.json").string()));
}

RunFolder run_with(const std::string& path, Json result) {
  const std::string file = (fs::path(path) / "result.json").string();
  RunFolder run{path, std::move(result)};
  if (!run.result.is_object()) damaged(file, "the whole", "a mapping");
  expect_judged(file, "models", run.result);
  expect_judged(file, "baselines", run.result);
  leave_out_earlier_names(run.result);
  expect_verdicts(file, run.result);
  expect_strings(file, "warnings", run.result);
  expect_strings(file, "headline", run.result);
  expect_fits(file, run.result);
  expect_metric_info(file, run.result);
  if (run.result.contains("stages")) expect_numbers(file, "stages", run.result["stages"]);
  return run;
}

Json read_json(const std::string& path) {
  try {
    return Json::parse(read_text(path));
  } catch (const nlohmann::json::parse_error& error) {
    throw DataError("{}: not JSON, at byte {}; the file is damaged.", path, error.byte);
  }
}

std::string read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  if (file.peek() != std::ifstream::traits_type::eof()) text << file.rdbuf();
  if (!file.is_open() || file.bad()) throw DataError("{}: the file cannot be read.", path);
  return text.str();
}

}  // namespace sparcell
