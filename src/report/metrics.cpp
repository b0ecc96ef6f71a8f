#include "report/metrics.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

using Best = MetricLabel::Best;

// Metrics that no registry of a run describes: losses, and those of runs that say less of themselves.
const std::vector<MetricLabel>& known_metrics() {
  static const std::string reconstruction = "reconstruction", generation = "generation";
  static const std::vector<MetricLabel> metrics{
      {"mse", "MSE", reconstruction, Best::smallest, "", ""},
      {"mae", "MAE", reconstruction, Best::smallest, "", ""},
      {"r2", "R²", reconstruction, Best::largest, "", ""},
      {"r2_varying", "R² of varying genes", reconstruction, Best::largest, "", ""},
      {"varying_genes", "varying genes", reconstruction, Best::none, "", ""},
      {"pearson_per_gene", "Pearson per gene", reconstruction, Best::largest, "", ""},
      {"kl", "KL", reconstruction, Best::none, "nats",
       "Divergence of the posterior from the prior, reduced as the model says."},
      {"energy_distance", "energy distance", generation, Best::smallest, "", ""},
      {"zero_fraction_error", "zero-fraction error", generation, Best::smallest, "", ""},
      {"mean_pearson_squared", "squared Pearson of gene means", generation, Best::largest, "", ""},
      {"variance_ratio", "variance ratio", generation, Best::nearest_one, "", ""},
  };
  return metrics;
}

// What nothing describes is shown by its key.
MetricLabel label_of(const std::string& key) {
  for (const MetricLabel& metric : known_metrics()) {
    if (metric.key == key) return metric;
  }
  std::string words = key;
  std::replace(words.begin(), words.end(), '_', ' ');
  return {key, words, "other", Best::none, "", ""};
}

std::string text_of(const Json& entry, const char* key) {
  return entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : std::string();
}

Best best_of(const std::string& better) {
  if (better == "smaller") return Best::smallest;
  if (better == "larger") return Best::largest;
  if (better == "nearer_one") return Best::nearest_one;
  if (better == "nearer_half") return Best::nearest_half;
  return Best::none;
}

double value_in(const Json& entry, const char* section, const std::string& metric) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  if (!entry.contains(section) || !entry[section].contains(metric)) return nan;
  const Json& value = entry[section][metric];
  return value.is_number() ? value.get<double>() : nan;
}

MetricLabel described(const Json& info) {
  MetricLabel metric = label_of(info["key"]);
  if (const std::string label = text_of(info, "label"); !label.empty()) metric.label = label;
  if (const std::string group = text_of(info, "group"); !group.empty()) metric.group = group;
  if (const std::string better = text_of(info, "better"); !better.empty()) metric.best = best_of(better);
  const std::string name = text_of(info, "name"), definition = text_of(info, "definition");
  metric.unit = text_of(info, "unit");
  metric.definition = name + (name.empty() || definition.empty() ? "" : ": ") + definition +
                      (metric.unit.empty() ? "" : " Unit: " + metric.unit + ".");
  return metric;
}

}  // namespace

std::vector<MetricLabel> metrics_of(const Json& result) {
  std::vector<std::string> keys;
  const auto add = [&](const std::string& key) {
    if (std::find(keys.begin(), keys.end(), key) == keys.end()) keys.push_back(key);
  };
  for (const char* section : {"models", "baselines"}) {
    if (!result.contains(section)) continue;
    for (const auto& [name, entry] : result[section].items()) {
      if (!entry.contains("test")) continue;
      for (const auto& [key, value] : entry["test"].items()) add(key);
    }
  }
  std::vector<MetricLabel> metrics;
  const auto take = [&](const MetricLabel& metric) {
    const auto found = std::find(keys.begin(), keys.end(), metric.key);
    if (found == keys.end()) return;
    metrics.push_back(metric);
    keys.erase(found);
  };
  if (result.contains("metric_info")) {
    for (const Json& info : result["metric_info"]) take(described(info));
  }
  for (const MetricLabel& metric : known_metrics()) take(metric);
  for (const std::string& key : keys) metrics.push_back(label_of(key));
  return metrics;
}

std::vector<std::string> groups_of(const std::vector<MetricLabel>& metrics) {
  std::vector<std::string> groups;
  for (const MetricLabel& metric : metrics) {
    if (std::find(groups.begin(), groups.end(), metric.group) == groups.end()) groups.push_back(metric.group);
  }
  return groups;
}

std::string title_of(const std::string& group) {
  if (group == "reconstruction") return "Reconstruction of test cells";
  if (group == "perturbation") return "Means of perturbations";
  if (group == "generation") return "Generated cells against test cells";
  if (group == "expression") return "Genes and totals of generated cells";
  if (group == "latent") return "Perturbations in latent spaces";
  if (group == "prediction_seen") return "Predictions of seen perturbations";
  if (group == "prediction_unseen") return "Predictions of unseen perturbations";
  if (group == "other") return "Other metrics on test cells";
  std::string title = group;
  std::replace(title.begin(), title.end(), '_', ' ');
  title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
  return title;
}

std::string format_number(double value) {
  const double size = std::abs(value);
  if (std::isnan(value)) return "";
  if (value == std::floor(value) && size < 1e15) return fmt::format("{:.0f}", value);
  if (size < 5e-4 || size >= 1e6) return fmt::format("{:.2e}", value);
  return fmt::format("{:.{}f}", value, size < 10 ? 4 : size < 1000 ? 2 : 0);
}

double test_value(const Json& entry, const std::string& metric) { return value_in(entry, "test", metric); }

double spread_value(const Json& entry, const std::string& metric) {
  return value_in(entry, "spread", metric);
}

}  // namespace sparcell
