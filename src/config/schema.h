// Visitor that writes the JSON Schema of options, and the flat list of options that help texts and hints are
// made from.
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "config/plan_options.h"
#include "config/writer.h"

namespace sparcell::config {

Json number_schema(std::string_view type, const Bounds& bounds);
Json list_schema(Json item);

inline Json type_schema(const bool&, const Bounds&) { return {{"type", "boolean"}}; }
inline Json type_schema(const std::string&, const Bounds&) { return {{"type", "string"}}; }
inline Json type_schema(const std::int64_t&, const Bounds& bounds) {
  return number_schema("integer", bounds);
}
inline Json type_schema(const double&, const Bounds& bounds) { return number_schema("number", bounds); }
template <NamedEnum Enum>
Json type_schema(const Enum&, const Bounds&) {
  return {{"enum", Names<Enum>::values}};
}
template <class T>
Json type_schema(const std::optional<T>&, const Bounds& bounds) {
  Json schema = type_schema(T{}, bounds);
  schema["type"] = Json::array({schema["type"], "null"});
  return schema;
}
template <class T>
Json type_schema(const std::vector<T>&, const Bounds& bounds) {
  return list_schema(type_schema(T{}, bounds));
}

class SchemaWriter {
 public:
  template <class T>
  void field(std::string_view name, const T& value, std::string_view sentence) {
    field(name, value, any_number, sentence);
  }
  template <class T>
  void field(std::string_view name, const T& value, const Bounds& bounds, std::string_view sentence) {
    Json schema = type_schema(value, bounds);
    schema["default"] = value_json(value);
    put(name, std::move(schema), sentence);
  }
  template <class Section>
  void section(std::string_view name, Section& options, std::string_view sentence) {
    SchemaWriter inner;
    describe(inner, options);
    put(name, inner.result(), sentence);
  }
  void map(std::string_view name, const std::vector<std::pair<std::string, std::vector<std::string>>>&,
           std::string_view sentence);
  void word(std::string_view name, const WordOrNumber& value, std::initializer_list<std::string_view> words,
            const Bounds& bounds, std::string_view sentence);
  void shorthand(std::string_view word, bool, bool, std::string_view sentence);
  /// Refers to `model`, which config_schema() defines.
  void models(std::string_view name, ModelSet&, TrainOptions&, std::string_view sentence);
  void parameters(std::string_view name, const std::vector<SweepParameter>&, std::string_view sentence);
  void combination(std::string_view name, const Combination&, std::string_view sentence);
  void combinations(std::string_view name, const std::vector<Combination>&, std::string_view sentence);
  void arms(std::string_view name, const std::vector<AblationArm>&, std::string_view sentence);

  Json result() const;

 private:
  void put(std::string_view name, Json schema, std::string_view sentence);

  Json properties_ = Json::object();
  Json words_ = Json::array();  ///< that may stand for the whole section
};

/// One key of a file, or one section.
struct Option {
  std::string section;  ///< path of the section that it stands in
  std::string key;
  std::string note;   ///< "type: vae" where only that model has it
  std::string type;   ///< with bounds, in words; empty for a section
  std::string value;  ///< default
  std::string sentence;
};

/// Every option, sections before what they hold. A model's own `train` shows only what the experiment's
/// lacks.
std::vector<Option> option_list();

/// The sections that have a key of this name.
std::vector<std::string> sections_with(std::string_view key);

}  // namespace sparcell::config
