#include "config/schema.h"

#include <fmt/format.h>

#include <cmath>

#include "config/describe_experiment.h"
#include "sparcell/config.h"

namespace sparcell::config {
namespace {

Json without_defaults(Json schema) {
  if (schema.is_object()) schema.erase("default");
  for (Json& part : schema) {
    if (part.is_structured()) part = without_defaults(std::move(part));
  }
  return schema;
}

/// Options of a model's own `train`: their default is the experiment's value.
Json own_train_schema(ModelOptions& model) {
  SchemaWriter writer;
  describe(writer, model.train);
  const Json common = writer.result();
  SchemaWriter own;
  describe_own_train(own, model);
  Json schema = own.result();
  for (const auto& [key, value] : common["properties"].items()) {
    schema["properties"][key] = without_defaults(value);
  }
  if (model.type == ModelType::gan) schema["properties"].erase("optimizer");
  schema["description"] = "The keys of train, for what this model has otherwise.";
  return schema;
}

Json model_schema(ModelType type) {
  ModelOptions model;
  model.type = type;
  SchemaWriter writer;
  describe(writer, model);
  Json schema = writer.result();
  schema["properties"]["type"] = {{"const", name_of(type)}, {"description", "Kind of model."}};
  schema["properties"]["train"] = own_train_schema(model);
  schema["required"] = {"type"};
  return schema;
}

}  // namespace

Json number_schema(std::string_view type, const Bounds& bounds) {
  const auto limit = [&](double value) {
    return type == "integer" ? Json(std::llround(value)) : Json(value);
  };
  Json schema{{"type", type}};
  if (std::isfinite(bounds.low)) schema[bounds.low_open ? "exclusiveMinimum" : "minimum"] = limit(bounds.low);
  if (std::isfinite(bounds.high))
    schema[bounds.high_open ? "exclusiveMaximum" : "maximum"] = limit(bounds.high);
  return schema;
}

Json list_schema(Json item) { return {{"anyOf", Json::array({item, {{"type", "array"}, {"items", item}}})}}; }

void SchemaWriter::put(std::string_view name, Json schema, std::string_view sentence) {
  schema["description"] = sentence;
  properties_[std::string(name)] = std::move(schema);
}

void SchemaWriter::map(std::string_view name,
                       const std::vector<std::pair<std::string, std::vector<std::string>>>&,
                       std::string_view sentence) {
  put(name,
      {{"type", "object"},
       {"additionalProperties", list_schema({{"type", "string"}})},
       {"default", Json::object()}},
      sentence);
}

void SchemaWriter::word(std::string_view name, const WordOrNumber& value,
                        std::initializer_list<std::string_view> words, const Bounds& bounds,
                        std::string_view sentence) {
  const Json alternatives = Json::array({{{"enum", words}}, number_schema("number", bounds)});
  put(name, {{"anyOf", alternatives}, {"default", value_json(value)}}, sentence);
}

void SchemaWriter::shorthand(std::string_view word, bool, bool, std::string_view sentence) {
  words_.push_back({{"const", word}, {"description", sentence}});
}

void SchemaWriter::models(std::string_view name, ModelSet&, TrainOptions&, std::string_view sentence) {
  const Json model{{"$ref", "#/$defs/model"}};
  const Json named{{"type", "object"}, {"minProperties", 1}, {"additionalProperties", model}};
  put(name, {{"oneOf", Json::array({model, named})}}, sentence);
}

void SchemaWriter::parameters(std::string_view name, const std::vector<SweepParameter>&,
                              std::string_view sentence) {
  const Json values{{"type", "object"},
                    {"properties", {{"values", {{"type", "array"}, {"minItems", 1}}}}},
                    {"required", {"values"}},
                    {"additionalProperties", false}};
  const Json range{{"type", "object"},
                   {"properties",
                    {{"min", {{"type", "number"}}},
                     {"max", {{"type", "number"}}},
                     {"distribution", {{"enum", Names<Distribution>::values}}}}},
                   {"required", {"min", "max"}},
                   {"additionalProperties", false}};
  put(name, {{"type", "object"}, {"additionalProperties", {{"oneOf", Json::array({values, range})}}}},
      sentence);
}

void SchemaWriter::combination(std::string_view name, const Combination&, std::string_view sentence) {
  put(name, {{"type", "object"}}, sentence);
}

void SchemaWriter::combinations(std::string_view name, const std::vector<Combination>&,
                                std::string_view sentence) {
  put(name, list_schema({{"type", "object"}}), sentence);
}

void SchemaWriter::arms(std::string_view name, const std::vector<AblationArm>&, std::string_view sentence) {
  put(name, {{"type", "object"}, {"additionalProperties", list_schema({{"type", "string"}})}}, sentence);
}

Json SchemaWriter::result() const {
  Json object{{"type", "object"}, {"properties", properties_}, {"additionalProperties", false}};
  if (words_.empty()) return object;
  Json alternatives = words_;
  alternatives.push_back(std::move(object));
  return {{"oneOf", alternatives}};
}

}  // namespace sparcell::config

namespace sparcell {

nlohmann::ordered_json config_schema() {
  using config::Json;
  Experiment experiment;
  config::SchemaWriter writer;
  describe(writer, experiment);
  PlanOptions plan;
  describe(writer, plan);
  Json schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"}, {"title", "sparcell experiment"}};
  schema.update(writer.result());
  Json defaults = config::list_schema({{"type", "string"}});
  defaults["description"] = "Files that this one is merged over, relative to it; later ones win.";
  Json properties{{"defaults", defaults}};
  properties.update(schema["properties"]);
  properties["device"]["pattern"] = "^(auto|cpu|cuda(:[0-9]+)?)$";
  schema["properties"] = properties;
  schema["anyOf"] = {{{"required", {"model"}}}, {{"required", {"defaults"}}}};
  Json types = Json::array();
  for (int i = 0; i < static_cast<int>(std::size(Names<ModelType>::values)); ++i) {
    const auto type = static_cast<ModelType>(i);
    schema["$defs"][name_of(type)] = config::model_schema(type);
    types.push_back({{"$ref", "#/$defs/" + name_of(type)}});
  }
  schema["$defs"]["model"] = {{"oneOf", types}};
  return schema;
}

}  // namespace sparcell
