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

std::vector<MetricInfo> metric_registry(std::int64_t components) {
  const std::string value = "log-normalized expression", squared = value + " squared";
  return {
      {"mse", "mse_log1p_v1", squared,
       "Mean squared error over all entries of the test cells; a VAE draws z.", Better::smaller, 1},
      {"mse_at_mean", "mse_posterior_mean_log1p_v1", squared,
       "Mean squared error of a VAE's reconstruction from the mean of the posterior.", Better::smaller, 1},
      {"mae", "mae_log1p_v1", value, "Mean absolute error over all entries of the test cells.",
       Better::smaller, 1},
      {"r2", "r2_uniform_average_v1", "",
       "Mean over genes of 1 - SS_res / SS_tot; a constant gene counts 1 if met exactly, else 0 "
       "(scikit-learn's r2_score).",
       Better::larger, 2},
      {"r2_varying", "r2_varying_genes_v1", "", "The same mean over the genes that vary in the test cells.",
       Better::larger, 2},
      {"varying_genes", "varying_genes_v1", "genes", "Genes that vary in the test cells.", Better::neither,
       1},
      {"pearson_per_gene", "pearson_per_gene_v1", "",
       "Mean over genes of Pearson's correlation of reconstructed and real values, where both vary.",
       Better::larger, 2},
      {"pearson_undefined", "pearson_undefined_v1", "genes",
       "Genes without a correlation: real or reconstructed is constant.", Better::neither, 1},
      {"energy_distance", fmt::format("edistance_euclidean_unbiased_pca{}_v1", components),
       "units of principal components",
       fmt::format("2E|X-Y| - E|X-X'| - E|Y-Y'|, Euclidean, U-statistics (Szekely and Rizzo 2013), in {} "
                   "principal components "
                   "of the training cells; as many generated as test cells.",
                   components),
       Better::smaller, 4},
      {"zero_fraction_error", "zero_fraction_mae_below_0.05_v1", "share of cells",
       "Mean over genes of |share of generated |x| < 0.05 - share of real |x| < 0.05|.", Better::smaller, 1},
      {"exact_zero_fraction_error", "zero_fraction_mae_exact_v1", "share of cells",
       "Mean over genes of |share of generated zeros - share of real zeros|; a linear output is never 0.",
       Better::smaller, 1},
      {"mean_pearson_squared", "gene_mean_pearson_squared_v1", "",
       "Squared Pearson correlation over genes of generated and real means.", Better::larger, 1},
      {"variance_ratio", "gene_variance_ratio_v1", "",
       "Mean over genes of the generated variance, over that of real cells.", Better::nearer_one, 2},
  };
}

void check_metrics(const EvaluateOptions& options) {
  if (options.metrics.empty()) {
    throw UsageError("evaluate.metrics is empty; name metrics, or all");
  }
  const std::vector<MetricInfo> metrics = metric_registry(options.components);
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
  for (const MetricInfo& metric : metric_registry(options.components)) {
    if (named(options, "all") || named(options, metric.key)) wanted_.push_back(metric);
  }
}

bool WantedMetrics::has(const std::string& key) const { return find(wanted_, key) != nullptr; }

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
  } else if (std::isnan(value)) {
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
