#include "report/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "sparcell/core/errors.h"

namespace sparcell {
namespace {

using Best = MetricLabel::Best;

const std::vector<MetricLabel>& known_metrics() {
  constexpr auto reconstruction = MetricGroup::reconstruction;
  constexpr auto generation = MetricGroup::generation;
  static const std::vector<MetricLabel> metrics{
      {"mse", "MSE", reconstruction, Best::smallest, "", ""},
      {"mse_at_mean", "MSE at z = μ", reconstruction, Best::smallest, "", ""},
      {"mae", "MAE", reconstruction, Best::smallest, "", ""},
      {"r2", "R²", reconstruction, Best::largest, "", ""},
      {"r2_varying", "R² of varying genes", reconstruction, Best::largest, "", ""},
      {"varying_genes", "varying genes", reconstruction, Best::none, "", ""},
      {"pearson_per_gene", "Pearson per gene", reconstruction, Best::largest, "", ""},
      {"pearson_undefined", "genes without Pearson", reconstruction, Best::none, "", ""},
      {"kl", "KL", reconstruction, Best::none, "nats", ""},
      {"energy_distance", "energy distance", generation, Best::smallest, "", ""},
      {"zero_fraction_error", "zero-fraction error", generation, Best::smallest, "", ""},
      {"exact_zero_fraction_error", "exact-zero error", generation, Best::smallest, "", ""},
      {"mean_pearson_squared", "squared Pearson of gene means", generation, Best::largest, "", ""},
      {"variance_ratio", "variance ratio", generation, Best::nearest_one, "", ""},
  };
  return metrics;
}

// A metric that this page does not know yet is shown by its key.
MetricLabel label_of(const std::string& key) {
  for (const MetricLabel& metric : known_metrics()) {
    if (metric.key == key) return metric;
  }
  std::string words = key;
  std::replace(words.begin(), words.end(), '_', ' ');
  return {key, words, MetricGroup::other, Best::none, "", ""};
}

std::string text_of(const Json& entry, const char* key) {
  return entry.contains(key) && entry[key].is_string() ? entry[key].get<std::string>() : std::string();
}

void describe_metric(MetricLabel& metric, const Json& result) {
  if (!result.contains("metric_info")) return;
  for (const Json& info : result["metric_info"]) {
    if (info["key"] != metric.key) continue;
    const std::string name = text_of(info, "name"), definition = text_of(info, "definition");
    metric.unit = text_of(info, "unit");
    metric.definition = name + (name.empty() || definition.empty() ? "" : ": ") + definition +
                        (metric.unit.empty() ? "" : " Unit: " + metric.unit + ".");
    const std::string better = text_of(info, "better");
    if (metric.group == MetricGroup::other && !better.empty()) {
      metric.best = better == "smaller"      ? Best::smallest
                    : better == "larger"     ? Best::largest
                    : better == "nearer_one" ? Best::nearest_one
                                             : Best::none;
    }
  }
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
  for (const MetricLabel& metric : known_metrics()) {
    const auto found = std::find(keys.begin(), keys.end(), metric.key);
    if (found == keys.end()) continue;
    metrics.push_back(metric);
    keys.erase(found);
  }
  for (const std::string& key : keys) metrics.push_back(label_of(key));
  for (MetricLabel& metric : metrics) describe_metric(metric, result);
  return metrics;
}

std::string title_of(MetricGroup group) {
  switch (group) {
    case MetricGroup::reconstruction:
      return "Reconstruction of test cells";
    case MetricGroup::generation:
      return "Generated cells against test cells";
    case MetricGroup::other:
      return "Other metrics on test cells";
  }
  throw InternalError("a group of metrics without a title");
}

std::string baseline_phrase(const std::string& baseline) {
  if (baseline == "gene_mean") return "the gene mean";
  if (baseline == "control_mean") return "the control mean";
  if (baseline == "centroid_mean") return "the mean of perturbation centroids";
  if (baseline == "pca") return "PCA of the same latent size";
  if (baseline.starts_with("pca_")) return "PCA with " + baseline.substr(4) + " components";
  if (baseline == "split_half") return "real cells, one half against the other";
  if (baseline == "linear") return "the linear model";
  return baseline;
}

std::string format_number(double value) {
  const double size = std::abs(value);
  if (std::isnan(value)) return "";
  if (value == std::floor(value) && size < 1e15) return fmt::format("{:.0f}", value);
  if (size < 5e-4 || size >= 1e6) return fmt::format("{:.2e}", value);
  return fmt::format("{:.{}f}", value, size < 10 ? 4 : size < 1000 ? 2 : 0);
}

double test_value(const Json& entry, const std::string& metric) {
  if (!entry.contains("test") || !entry["test"].contains(metric))
    return std::numeric_limits<double>::quiet_NaN();
  const Json& value = entry["test"][metric];
  return value.is_number() ? value.get<double>() : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace sparcell
