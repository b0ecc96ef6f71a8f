#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "config/schema.h"
#include "config/values.h"
#include "config/yaml_text.h"
#include "sparcell/config.h"

namespace sparcell::config {
namespace {

std::string bounds_of(const Json& schema) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  const bool low_open = schema.contains("exclusiveMinimum");
  const bool high_open = schema.contains("exclusiveMaximum");
  return bounds_text({.low = schema.value(low_open ? "exclusiveMinimum" : "minimum", -infinity),
                      .high = schema.value(high_open ? "exclusiveMaximum" : "maximum", infinity),
                      .low_open = low_open,
                      .high_open = high_open});
}

std::string type_text(const Json& schema) {
  if (schema.contains("const")) return schema["const"];
  if (schema.contains("enum"))
    return fmt::format("{}", fmt::join(schema["enum"].get<std::vector<std::string>>(), " | "));
  if (schema.contains("anyOf")) {
    const Json& first = schema["anyOf"][0];
    const Json& second = schema["anyOf"][1];
    if (second.contains("items")) return "list of " + type_text(first);
    return type_text(first) + " | " + type_text(second);
  }
  const Json& type = schema["type"].is_array() ? schema["type"][0] : schema["type"];
  if (type == "object") return "map";
  const std::string word = type == "string"    ? "text"
                           : type == "boolean" ? "true | false"
                                               : type.get<std::string>();
  const std::string bounds = bounds_of(schema);
  return bounds.empty() ? word : fmt::format("{} {}", word, bounds);
}

std::string default_text(const Json& schema) {
  if (!schema.contains("default") || schema["default"].empty() || schema["default"] == "") return "";
  std::string text = yaml_text(schema["default"]);
  text.pop_back();
  return text;
}

/// The words that may stand for a section are named in its sentence.
std::string sentence_of(const Json& schema) {
  std::string sentence = schema.value("description", "");
  for (const Json& alternative : schema.value("oneOf", Json::array())) {
    if (!alternative.contains("const")) continue;
    sentence += fmt::format(" Or {}: {}", alternative["const"].get<std::string>(),
                            alternative["description"].get<std::string>());
  }
  return sentence;
}

/// Single keys come first, so that they stand under the title of their own section.
void add_section(const Json& schema, const std::string& path, const std::string& note,
                 std::vector<Option>& options) {
  const Json& object = schema.contains("oneOf") ? schema["oneOf"].back() : schema;
  if (!object.contains("properties")) return;
  const Json& properties = object["properties"];
  const auto is_section = [](const Json& property) {
    return property.contains("properties") || property.contains("oneOf");
  };
  for (const auto& [key, property] : properties.items()) {
    if (is_section(property)) continue;
    options.push_back({path, key, note, type_text(property), default_text(property), sentence_of(property)});
  }
  for (const auto& [key, property] : properties.items()) {
    if (!is_section(property)) continue;
    options.push_back({path, key, note, "", "", sentence_of(property)});
    add_section(property, join_path(path, key), note, options);
  }
}

}  // namespace

std::vector<Option> option_list() {
  const Json schema = config_schema();
  std::vector<Option> options;
  add_section(schema, "", "", options);
  for (const std::string_view type : Names<ModelType>::values) {
    Json model = schema["$defs"][std::string(type)];
    for (const auto& [key, _] : schema["properties"]["train"]["properties"].items()) {
      model["properties"]["train"]["properties"].erase(key);
    }
    options.push_back({"model", "NAME", fmt::format("type: {}", type), "", "", "One model."});
    add_section(model, "model.NAME", fmt::format("type: {}", type), options);
  }
  return options;
}

std::vector<std::string> sections_with(std::string_view key) {
  std::vector<std::string> sections;
  for (const Option& option : option_list()) {
    if (option.key != key) continue;
    std::string section = option.section.empty() ? "the experiment itself" : option.section;
    if (!option.note.empty()) section += fmt::format(" ({})", option.note);
    if (std::find(sections.begin(), sections.end(), section) == sections.end()) sections.push_back(section);
  }
  return sections;
}

}  // namespace sparcell::config

namespace sparcell {

std::string option_help() {
  std::string text;
  for (const config::Option& option : config::option_list()) {
    const std::string path = config::join_path(option.section, option.key);
    const std::string note = option.note.empty() ? "" : fmt::format(" ({})", option.note);
    if (option.type.empty()) {
      text += fmt::format("\n{}{}: {}\n", path, note, option.sentence);
    } else {
      const std::string value = option.value.empty() ? "" : fmt::format(", default {}", option.value);
      text += fmt::format("  {}{}: {}{}\n      {}\n", path, note, option.type, value, option.sentence);
    }
  }
  return text;
}

}  // namespace sparcell
