// Station 8, evaluate: metrics on test cells, always beside honest baselines.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/dataset.h"
#include "sparcell/core/describe.h"
#include "sparcell/core/log.h"
#include "sparcell/model.h"
#include "sparcell/split.h"

namespace sparcell {

enum class Weights { last, best };
template <>
struct Names<Weights> {
  static constexpr std::string_view values[] = {"last", "best"};
};

struct EvaluateOptions {
  std::vector<std::string> metrics{"all"};
  Weights weights = Weights::last;
  std::int64_t components = 50;
  std::int64_t resamples = 1000;
};

template <class Visitor>
void describe(Visitor& v, EvaluateOptions& o) {
  v.field("metrics", o.metrics, "Keys of the metrics to compute, or all.");
  v.field("weights", o.weights, "Weights to judge: of the last epoch, or of the lowest validation loss.");
  v.field("components", o.components, at_least(1), "Principal components of the generation metrics.");
  v.field("resamples", o.resamples, at_least(100), "Resamples of the verdicts' intervals.");
}

/// A trained model as evaluation sees it: functions that fill blocks of at most `evaluation_block` rows, in the space of the
/// selected genes after normalization. Functions that a model cannot offer are empty.
struct JudgedModel {
  std::string name;
  ModelType type = ModelType::autoencoder;
  std::int64_t latent = 0;
  /// Reconstruction of the given cells of the data set as the course judges it (a VAE draws z).
  std::function<void(std::span<const std::int32_t> cells, MatrixView<float> out)> reconstruct;
  /// VAE: reconstruction from the posterior mean.
  std::function<void(std::span<const std::int32_t> cells, MatrixView<float> out)> reconstruct_at_mean;
  /// Generated cells number first, first + 1, ... of this model's one sample.
  std::function<void(std::int64_t first, MatrixView<float> out)> generate;
};
inline constexpr std::int64_t evaluation_block = 512;

/// Metric keys and values in the order of their registry.
using Metrics = std::vector<std::pair<std::string, double>>;

struct Verdict {
  std::string model;
  std::string metric;
  std::string baseline;
  double difference = 0;  ///< model minus baseline, in the metric's unit
  double low = 0;         ///< 95 % interval of the difference
  double high = 0;
  bool beats = false;     ///< the interval excludes 0 on the better side
};

/// Per gene: one named column of numbers each (NaN where not defined), in the order of per_gene.csv.
struct GeneColumn {
  std::string name;  ///< mean_real, variance_real, zero_fraction_real, <model>_mse, <model>_r2, <model>_pearson, <model>_mean, ...
  std::vector<double> values;
};

/// Principal components of the training cells: how real and generated cells are shown in the same axes.
struct PrincipalComponents {
  std::vector<float> mean;          ///< genes
  Matrix<float> components;         ///< components x genes, orthonormal rows, by falling variance
  std::vector<double> variance;     ///< explained by each (divisor n - 1)
  Matrix<float> transform(MatrixView<const float> cells) const;  ///< scores, cells x components
};

struct Evaluation {
  std::vector<std::pair<std::string, Metrics>> models;
  std::vector<std::pair<std::string, Metrics>> baselines;  ///< gene_mean, pca (of the first model's latent), split_half, ...
  std::vector<Verdict> verdicts;
  std::vector<GeneColumn> per_gene;
  PrincipalComponents pca;                                  ///< fitted on training cells
};

/// A metric's short key and the versioned name that says its definition.
struct MetricInfo {
  std::string key;         ///< energy_distance
  std::string name;        ///< edistance_euclidean_unbiased_pca50_v1
  std::string unit;
  std::string definition;  ///< one sentence with source
  bool smaller_is_better = true;
};
const std::vector<MetricInfo>& metric_registry();

/// Judges models on the test cells of `data` (selected genes, normalized). Everything fitted is fitted on training cells.
/// `seed` keys subsamples and resamples.
Evaluation evaluate(Context& context, const Dataset& data, const Split& split, const std::vector<JudgedModel>& models,
                    const EvaluateOptions& options, std::uint64_t seed, Log& log);

/// per_gene.csv: gene and the columns.
void write_per_gene(const std::string& path, const Dataset& data, const Evaluation& evaluation);

}  // namespace sparcell
