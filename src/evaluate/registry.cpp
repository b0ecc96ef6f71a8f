#include "evaluate/registry.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/nearest.h"

namespace sparcell {
namespace {

const MetricInfo* find(const std::vector<MetricInfo>& metrics, const std::string& key) {
  const auto found =
      std::find_if(metrics.begin(), metrics.end(), [&](const MetricInfo& m) { return m.key == key; });
  return found == metrics.end() ? nullptr : &*found;
}

bool named(const EvaluateOptions& options, const std::string& key) {
  return std::find(options.metrics.begin(), options.metrics.end(), key) != options.metrics.end();
}

}  // namespace

void check_metrics(const EvaluateOptions& options) {
  if (options.metrics.empty()) {
    throw UsageError("evaluate.metrics is empty; name metrics, or all");
  }
  const std::vector<MetricInfo> metrics = metric_registry(options.components, options.components_of);
  std::vector<std::string> known;
  for (const MetricInfo& metric : metrics) known.push_back(metric.key);
  for (const std::string& key : options.metrics) {
    if (key == "all" || find(metrics, key) != nullptr) continue;
    const std::string meant = nearest(key, known);
    throw UsageError("evaluate.metrics: there is no metric {}; {}", key,
                     meant.empty() ? fmt::format("there are {}", fmt::join(known, ", "))
                                   : fmt::format("did you mean {}?", meant));
  }
}

WantedMetrics::WantedMetrics(const EvaluateOptions& options) {
  check_metrics(options);
  for (const MetricInfo& metric : metric_registry(options.components, options.components_of)) {
    if (named(options, "all") || named(options, metric.key)) wanted_.push_back(metric);
  }
}

bool WantedMetrics::has(const std::string& key) const { return find(wanted_, key) != nullptr; }

bool WantedMetrics::any_of(MetricGroup group) const {
  return std::any_of(wanted_.begin(), wanted_.end(), [&](const MetricInfo& m) { return m.group == group; });
}

bool WantedMetrics::any_of(const std::vector<std::string>& keys) const {
  return std::any_of(keys.begin(), keys.end(), [&](const std::string& key) { return has(key); });
}

const MetricInfo& WantedMetrics::info(const std::string& key) const {
  const MetricInfo* metric = find(wanted_, key);
  require(metric != nullptr, "{} is not a metric of the registry, or not wanted", key);
  return *metric;
}

Scores::Scores(const WantedMetrics& wanted, std::string who, std::int64_t test_cells, Log* log)
    : wanted_(wanted), who_(std::move(who)), test_cells_(test_cells), log_(log) {}

void Scores::set(const std::string& key, double value) {
  if (!wanted_.has(key)) return;
  const std::int64_t needed = wanted_.info(key).cells;
  if (test_cells_ < needed) {
    if (log_ != nullptr)
      log_->info("evaluate: {} has no {}: it needs {} test cells, there are {}", who_, key, needed,
                 test_cells_);
  } else if (!std::isfinite(value)) {
    if (log_ != nullptr)
      log_->info("evaluate: {} has no {}: it is not defined for these test cells", who_, key);
  } else {
    values_.emplace_back(key, value);
  }
}

Metrics Scores::metrics() const {
  Metrics ordered;
  for (const MetricInfo& metric : wanted_.all()) {
    for (const auto& entry : values_) {
      if (entry.first == metric.key) ordered.push_back(entry);
    }
  }
  return ordered;
}

}  // namespace sparcell
