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

/// A trained model as evaluation sees it: functions that fill blocks of at most `evaluation_block` rows, in
/// the space of the selected genes after normalization, without standardization. `out` is memory of the
/// context's device. Functions that a model cannot offer are empty.
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

/// Whether a model beats a baseline on a metric, in one run, which is one seed.
struct Verdict {
  std::string model;
  std::string metric;
  std::string baseline;   ///< `pca` has the model's latent size
  double difference = 0;  ///< model minus baseline, in the metric's unit
  double low = 0;         ///< 95 % interval of the difference
  double high = 0;
  bool beats = false;  ///< the interval excludes 0 on the better side
};

/// The verdict in plain words, with its numbers.
std::string verdict_sentence(const Verdict& verdict);

/// Per gene: one named column of numbers each (NaN where not defined), in the order of per_gene.csv.
struct GeneColumn {
  /// mean_real, variance_real, zero_fraction_real; <name>_mse, _r2, _pearson of what reconstructs, baselines
  /// too; <model>_mean, _variance, _zero_fraction of what generates.
  std::string name;
  std::vector<double> values;
};

/// Principal components of the training cells: how real and generated cells are shown in the same axes.
struct PrincipalComponents {
  std::vector<float> mean;   ///< genes
  Matrix<float> components;  ///< orthonormal rows by falling variance, the largest loading of each positive
  std::vector<double> variance;  ///< explained by each (divisor n - 1)

  /// Scores of dense cells in host memory, cells x components.
  Matrix<float> transform(Context& context, MatrixView<const float> cells) const;
  /// Scores of the given rows of x.
  Matrix<float> transform(Context& context, const Csr<float>& x, std::span<const std::int32_t> cells) const;
};

/// Fits at most `components` principal components of the given cells; fewer, with a line in the log, where
/// the cells have fewer (their number less one, or the rank of their covariance). Needs two cells.
PrincipalComponents fit_pca(Context& context, const Csr<float>& x, std::span<const std::int32_t> cells,
                            std::int64_t components, Log& log);

/// What is better for a metric.
enum class Better { smaller, larger, nearer_one, neither };

/// A metric's short key and the versioned name that says its definition.
struct MetricInfo {
  std::string key;   ///< energy_distance
  std::string name;  ///< edistance_euclidean_unbiased_pca50_v1
  std::string unit;
  std::string definition;  ///< one sentence with source
  Better better = Better::smaller;
  std::int64_t cells = 1;  ///< test cells that it needs; with fewer it is left out
};

/// Every metric, in the order in which values are listed; names are those of `components` principal
/// components.
std::vector<MetricInfo> metric_registry(std::int64_t components = EvaluateOptions{}.components);

/// Throws UsageError for a name in `evaluate.metrics` that is not a metric, with the nearest one. `evaluate`
/// calls it; a program that validates an experiment calls it before data are read.
void check_metrics(const EvaluateOptions& options);

struct Evaluation {
  std::vector<std::pair<std::string, Metrics>> models;
  /// gene_mean, pca (of the first model's latent size), pca_<latent> of other sizes, split_half.
  std::vector<std::pair<std::string, Metrics>> baselines;
  std::vector<MetricInfo> metrics;  ///< those computed, with the name of their definition here
  std::vector<Verdict> verdicts;
  std::vector<GeneColumn> per_gene;
  PrincipalComponents pca;  ///< of training cells; options.components of them, or as many as the cells have
};

/// Judges models on the test cells of `data` (selected genes, normalized) in blocks of cells; memory beside
/// the data is about 8 genes^2 bytes (the covariance) and 100 MB at 5,000 genes. Everything fitted is fitted
/// on training cells, baselines too: the genes' means, principal components of a model's latent size (`pca`
/// for the first model that reconstructs), and, as ceiling of generation, real test cells against real test
/// cells
/// (`split_half`). A metric that a model has no value for (too few test cells, no gene where it is defined)
/// is left out, with a line in the log. `seed` keys subsamples and resamples. Throws NumericalError naming
/// the model and the first cell where it gave a value that is not finite.
Evaluation evaluate(Context& context, const Dataset& data, const Split& split,
                    const std::vector<JudgedModel>& models, const EvaluateOptions& options,
                    std::uint64_t seed, Log& log);

/// per_gene.csv: gene and the columns; nothing where a value is not defined.
void write_per_gene(const std::string& path, const Dataset& data, const Evaluation& evaluation);

}  // namespace sparcell
