#include "config/writer.h"

#include <utility>

#include "config/describe_experiment.h"
#include "config/yaml_text.h"
#include "sparcell/config.h"

namespace sparcell::config {
namespace {

/// The parts of `own` that `common` lacks or has otherwise.
Json difference(const Json& own, const Json& common) {
  Json rest = Json::object();
  for (const auto& [key, value] : own.items()) {
    const auto held = common.find(key);
    if (held != common.end() && *held == value) continue;
    const bool maps = held != common.end() && held->is_object() && value.is_object();
    rest[key] = maps ? difference(value, *held) : value;
  }
  return rest;
}

}  // namespace

void Writer::map(std::string_view name,
                 const std::vector<std::pair<std::string, std::vector<std::string>>>& values,
                 std::string_view) {
  Json written = Json::object();
  for (const auto& [key, list] : values) written[key] = list;
  put(name, written);
}

void Writer::models(std::string_view name, ModelSet& models, TrainOptions& train, std::string_view) {
  Json written = Json::object();
  for (auto& [model_name, model] : models) {
    Writer writer(own_train_);
    describe(writer, model);
    Json result = std::move(writer).result();
    Writer own;
    describe_own_train(own, model);
    Json own_train = std::move(own).result();
    if (model.type == ModelType::gan) own_train.erase("optimizer");  // generator and critic have their own
    if (own_train_ == OwnTrain::difference) own_train = difference(own_train, tree_of(train));
    if (!own_train.empty()) result["train"] = std::move(own_train);
    written[model_name] = std::move(result);
  }
  put(name, std::move(written));
}

}  // namespace sparcell::config

namespace sparcell {

std::string resolved_yaml(const Experiment& experiment) {
  return config::yaml_text(config::tree_of(experiment));
}

}  // namespace sparcell
