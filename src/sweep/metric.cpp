#include "sweep/metric.h"

#include <fmt/ranges.h>

#include <algorithm>

#include "core/nearest.h"
#include "sparcell/evaluate.h"

namespace sparcell {
namespace {

constexpr std::string_view only_of_vae[] = {"mse_at_mean"};

template <class Words>
bool contains(const Words& words, const std::string& word) {
  return std::find(std::begin(words), std::end(words), word) != std::end(words);
}

/// Whether a model of that type has the metric.
bool has_metric(ModelType type, const MetricInfo& metric) {
  if (contains(only_of_vae, metric.key) || metric.group == MetricGroup::likelihood)
    return type == ModelType::vae;
  const bool of_generated =
      metric.group == MetricGroup::generation || metric.group == MetricGroup::expression;
  return type != (of_generated ? ModelType::autoencoder : ModelType::gan);
}

bool wanted(const EvaluateOptions& options, const std::string& key) {
  return contains(options.metrics, std::string("all")) || contains(options.metrics, key);
}

/// Not what is best at 1 or at 0.5, and not a number of genes.
bool has_direction(const std::string& name) {
  const std::string key = name.substr(name.rfind('.') + 1);
  const std::vector<MetricInfo> registry = metric_registry();
  return std::none_of(registry.begin(), registry.end(), [&](const MetricInfo& metric) {
    return metric.key == key && metric.better != Better::smaller && metric.better != Better::larger;
  });
}

/// Measured on validation cells: a choice by test cells would leave nothing to judge it by.
std::string default_metric(const Experiment& experiment, const std::string& name) {
  const auto found = std::find_if(experiment.model.begin(), experiment.model.end(),
                                  [&](const auto& model) { return model.first == name; });
  const auto& model = found == experiment.model.end() ? experiment.model.front() : *found;
  return model.first +
         (model.second.type == ModelType::gan ? ".validation.energy_distance" : ".loss.validation");
}

/// Whether a run measures the metric on validation cells (evaluate/validation_scores.h).
bool is_of_validation(const ModelOptions& model, const std::string& key) {
  if (key == "mse") return model.type != ModelType::gan;
  if (key == "iwelbo") return model.type == ModelType::vae;  // and has a likelihood, which a run may set
  return key == "energy_distance" && model.type != ModelType::autoencoder;
}

}  // namespace

std::vector<std::string> reported_metrics(const Experiment& experiment) {
  std::vector<std::string> names;
  for (const auto& [name, model] : experiment.model) {
    if (model.type == ModelType::gan) {
      for (const char* part : {"discriminator", "generator", "penalty", "sparsity"})
        names.push_back(fmt::format("{}.loss.{}", name, part));
    } else {
      for (const char* part : {"train", "validation", "test"})
        names.push_back(fmt::format("{}.loss.{}", name, part));
    }
    for (const MetricInfo& metric : metric_registry(experiment.evaluate.components)) {
      if (!wanted(experiment.evaluate, metric.key)) continue;
      if (has_metric(model.type, metric)) names.push_back(fmt::format("{}.test.{}", name, metric.key));
      if (is_of_validation(model, metric.key))
        names.push_back(fmt::format("{}.validation.{}", name, metric.key));
    }
    if (model.type == ModelType::vae) names.push_back(name + ".test.kl");
  }
  return names;
}

Metric choose_metric(const SweepMetric& options, const Experiment& experiment, const std::string& model) {
  const std::string name = options.name.empty() ? default_metric(experiment, model) : options.name;
  const std::vector<std::string> known = reported_metrics(experiment);
  if (!contains(known, name)) {
    const std::string meant = nearest(name, known);
    throw UsageError("sweep.metric.name: no run reports {}; {}", name,
                     meant.empty() ? fmt::format("they report {}", fmt::join(known, ", "))
                                   : fmt::format("did you mean {}?", meant));
  }
  if (options.goal == Goal::automatic && !has_direction(name)) {
    throw UsageError(
        "sweep.metric.name: {} is neither better when smaller nor when larger; name another, or a goal",
        name);
  }
  const bool smaller =
      options.goal == Goal::automatic ? smaller_is_better(name) : options.goal == Goal::minimize;
  return {name, smaller};
}

bool smaller_is_better(const std::string& name) {
  const std::string key = name.substr(name.rfind('.') + 1);
  for (const MetricInfo& metric : metric_registry()) {
    if (metric.key == key) return metric.better == Better::smaller;
  }
  return true;  // losses
}

std::optional<double> metric_value(const nlohmann::ordered_json& result, const std::string& name) {
  const nlohmann::ordered_json* value = &result;
  std::string path = "models." + name;
  for (const std::string& part : config::split_path(path)) {
    if (!value->is_object() || !value->contains(part)) return std::nullopt;
    value = &(*value)[part];
  }
  if (!value->is_number()) return std::nullopt;
  return value->get<double>();
}

}  // namespace sparcell
