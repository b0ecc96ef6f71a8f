// Station 8, evaluate: metrics on test cells, always beside honest baselines.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
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

enum class ComponentsOf { train, validation };
template <>
struct Names<ComponentsOf> {
  static constexpr std::string_view values[] = {"train", "validation"};
};

enum class CountsToo { standardized, always, never };
template <>
struct Names<CountsToo> {
  static constexpr std::string_view values[] = {"standardized", "always", "never"};
};

struct EvaluateOptions {
  std::vector<std::string> metrics{"all"};
  Weights weights = Weights::last;
  std::int64_t components = 50;
  ComponentsOf components_of = ComponentsOf::train;
  CountsToo as_counts = CountsToo::standardized;
  std::int64_t generated_per_test_cell = 1;
  std::int64_t resamples = 1000;
};

template <class Visitor>
void describe(Visitor& v, EvaluateOptions& o) {
  v.field("metrics", o.metrics, "Keys of the metrics to compute, or all.");
  v.field("weights", o.weights, "Weights to judge: of the last epoch, or of the best one by `train.monitor` (at full KL weight). Losses of validation and test cells in result.json are theirs.");
  v.field("components", o.components, at_least(1), "Principal components of the generation metrics.");
  v.field("components_of", o.components_of,
          "Cells that those are fitted on. In components of few training cells with many genes training cells spread more than "
          "test cells do, and so does what copies their spread: copies of them, a Gaussian. Validation cells favour neither.");
  v.field("as_counts", o.as_counts,
          "Where reconstructions are judged as normalized counts too, exp(x) - 1 with x below 0 as 0: where "
          "normalize.standardize is on (models then see no values that people read), always, or never.");
  v.field("generated_per_test_cell", o.generated_per_test_cell, between(1, 20),
          "Generated cells, of models and of baselines, for each test cell. More make metrics of generation vary less from seed to "
          "seed; distances take the square of it in time. A baseline that copies training cells stops where one would come again.");
  v.field("resamples", o.resamples, at_least(100), "Resamples of the verdicts' intervals.");
}

/// What a likelihood says of cells, in nats for each cell.
struct CellLikelihoods {
  std::vector<double> iwelbo;          ///< importance-weighted bound of the log-likelihood (Burda et al. 2016)
  std::vector<double> reconstruction;  ///< mean over the same draws of log p(x | z)
  std::vector<double> kl;              ///< of the posterior from the prior; ELBO = reconstruction - KL
};

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
  /// Mean expression that the model predicts for the cells of a perturbation (an index of the data's names),
  /// from controls. Of models that are told perturbations.
  std::function<std::vector<float>(std::int32_t perturbation)> predict;
  /// Latent values (of a VAE the means) of any number of cells, on the host.
  std::function<Matrix<float>(std::span<const std::int32_t> cells)> encode;
  /// Of a model with a likelihood, by so many draws for each cell.
  std::function<CellLikelihoods(std::span<const std::int32_t> cells, std::int64_t draws)> likelihood;
  bool of_counts = false;  ///< the likelihood is that of counts
};
inline constexpr std::int64_t evaluation_block = 512;
inline constexpr std::int64_t iwelbo_draws = 100;

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
  bool beats = false;  ///< the interval excludes 0 on the better side, and no p-value says the contrary
  /// Against `split_half`: of "generated and real cells are drawn from one distribution", by permutation.
  std::optional<double> p_value{};
};

/// The verdict in plain words, with its numbers.
std::string verdict_sentence(const Verdict& verdict);

/// Per gene: one named column of numbers each (NaN where not defined), in the order of per_gene.csv.
struct GeneColumn {
  /// mean_real, variance_real, zero_fraction_real; <name>_mse, _r2, _pearson of what reconstructs, baselines
  /// too; <model>_mean, _variance, _zero_fraction, _wasserstein of models that generate.
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
/// Eigenvectors of (1 - l) S + l diag(S), S the covariance of the training cells, with the l of 0, 0.1 ...
/// 0.9 under which validation cells lie nearest to the plane of the components (the search ends behind two
/// that are no better): where cells are few, the directions of plain PCA are those of noise. `variance` is that of the training cells along each.
PrincipalComponents fit_shrunk_pca(Context& context, const Csr<float>& x, std::span<const std::int32_t> train,
                                   std::span<const std::int32_t> validation, std::int64_t components,
                                   Log& log);

/// What is better for a metric.
enum class Better { smaller, larger, nearer_one, nearer_half, neither };

/// Which question a metric answers: are cells reconstructed; are they likely; are the means of perturbations; are generated
/// cells distributed as real ones; do their genes and totals agree; does a latent space tell perturbations
/// apart; are the means of cells predicted from controls, of perturbations that were seen in training and of
/// those that were not.
enum class MetricGroup {
  reconstruction,
  likelihood,
  perturbation,
  generation,
  expression,
  latent,
  prediction_seen,
  prediction_unseen
};
template <>
struct Names<MetricGroup> {
  static constexpr std::string_view values[] = {"reconstruction", "likelihood", "perturbation",    "generation",
                                                "expression",     "latent",     "prediction_seen", "prediction_unseen"};
};

/// A metric's short key and the versioned name that says its definition.
struct MetricInfo {
  std::string key;    ///< energy_distance
  std::string label;  ///< as in a paper's table
  std::string name;   ///< edistance_euclidean_unbiased_pca50_v1
  std::string unit;
  std::string definition;  ///< one sentence with source
  MetricGroup group = MetricGroup::reconstruction;
  Better better = Better::smaller;
  std::int64_t cells = 1;  ///< test cells that it needs; with fewer it is left out
};

/// Every metric, in the order in which values are listed; names are those of `components` principal
/// components.
std::vector<MetricInfo> metric_registry(std::int64_t components = EvaluateOptions{}.components,
                                        ComponentsOf of = ComponentsOf::train);

/// Throws UsageError for a name in `evaluate.metrics` that is not a metric, with the nearest one. `evaluate`
/// calls it; a program that validates an experiment calls it before data are read.
void check_metrics(const EvaluateOptions& options);

/// Something that was fitted, and on which cells of the data.
struct Fit {
  std::string what;  ///< normalize, select, a model's name
  std::vector<std::int32_t> cells;
  bool declared = false;  ///< the experiment says that it is fitted on all cells (`fit_on: all`)
};

/// What an evaluation says of a fit.
struct FitRecord {
  std::string what;
  std::int64_t cells = 0;
  std::string hash;             ///< SHA-256 of the cells' names and contents
  std::int64_t test_cells = 0;  ///< test cells that took part, themselves or as copies
};

/// Per perturbation of the test cells: one named column each, of means over its cells or of its mean cell.
struct PerturbationTable {
  std::vector<std::int32_t> perturbations;  ///< of each row: index into the data's names
  std::vector<std::string> names;
  std::vector<std::int64_t> cells;
  /// <name>_mse of what reconstructs; the metrics of group `perturbation` of models, `linear` and `pca`;
  /// <name>_silhouette, _knn_purity, _linear_accuracy of latent spaces.
  std::vector<GeneColumn> columns;
};

/// What a model that predicts perturbations says beside a baseline: it beats it only where it does in L2, in the
/// Pearson correlation of differences to the mean perturbation and in centroid accuracy, each by its interval
/// (without the correlation where the baseline is that mean).
struct PredictionVerdict {
  std::string model, baseline;
  std::string held;                ///< seen or unseen: perturbations with or without training cells
  std::int64_t perturbations = 0;  ///< that both say something of
  bool beats = false;
};

/// The metrics of predictions over a kind of the unseen perturbations: single, or of several genes of which so many
/// have training cells as single perturbations.
struct PredictionGroup {
  std::string name;  ///< single, several_seen_0, several_seen_1 ...
  std::int64_t perturbations = 0;
  std::vector<std::pair<std::string, Metrics>> predicted;  ///< by models and baselines
};

/// The PCA that a model's reconstruction is held against: of the model's own latent size.
struct ModelPca {
  std::string model;
  std::string baseline;         ///< its name among the baselines: pca, or pca_<latent>
  std::int64_t components = 0;  ///< the latent size, or as many as the training cells have
};

struct Evaluation {
  std::vector<std::pair<std::string, Metrics>> models;
  /// Reconstruction: gene_mean, centroid_mean (of the perturbations' centroids), control_mean, linear (the
  /// linear model of perturbations), pca, pca_clamped (at 0, where no value is negative) and pca_shrunk (of a
  /// shrunk covariance, by validation cells) of the first model's latent size, pca_<latent> ... of other sizes.
  /// Likelihood of counts, and generation: nb_library (where the data were normalized from counts). Generation:
  /// split_half, gaussian_pca, training_cells, shuffled_genes, shifted_controls.
  std::vector<std::pair<std::string, Metrics>> baselines;
  /// Models that gave values that are not finite, with the sentence that says where; they have no metrics.
  std::vector<std::pair<std::string, std::string>> failed;
  std::vector<ModelPca> pca_of_models;  ///< of models that reconstruct
  std::vector<MetricInfo> metrics;  ///< those computed, with the name of their definition here
  std::vector<Verdict> verdicts;
  std::vector<PredictionVerdict> prediction_verdicts;
  std::vector<PredictionGroup> prediction_groups;
  std::vector<GeneColumn> per_gene;
  PerturbationTable per_perturbation;
  std::vector<FitRecord> fits;  ///< the experiment's, and `baselines`
  PrincipalComponents pca;  ///< of training cells; options.components of them, or as many as the cells have
};

/// Judges models on the test cells of `data` (selected genes, normalized) in blocks of cells; memory beside
/// the data is about 8 genes^2 bytes (the covariance), 16 bytes for every value of a gene that is kept for
/// Wasserstein distances (at most 2^27 of them), and 100 MB at 5,000 genes. Everything fitted is fitted on
/// training cells, baselines too, and `fits` says what else was fitted on which cells: test cells that took
/// part end the evaluation with a DataError or, where that is declared, are recorded in `Evaluation::fits`.
/// A metric that a model has no value for (too few test cells, no gene where it is defined) is left out, with
/// a line in the log. `seed` keys subsamples, draws of baselines and resamples. A model that gives a value
/// that is not finite is recorded as failed; NumericalError, naming the model and the first cell, where all
/// do.
Evaluation evaluate(Context& context, const Dataset& data, const Split& split,
                    const std::vector<JudgedModel>& models, const EvaluateOptions& options,
                    std::uint64_t seed, Log& log, const std::vector<Fit>& fits = {});

/// The check of `evaluate` alone, without its warnings.
void check_fits(const Dataset& data, const Split& split, const std::vector<Fit>& fits);

/// A baseline in a sentence: `gene_mean` is "the gene mean".
std::string baseline_phrase(const std::string& baseline);

/// One plain sentence each: for every model what it beats, what it does not; where PCA reconstructs best,
/// that first.
std::vector<std::string> headline(const Evaluation& evaluation);

/// per_gene.csv: gene and the columns; nothing where a value is not defined.
void write_per_gene(const std::string& path, const Dataset& data, const Evaluation& evaluation);

/// per_perturbation.csv: perturbation, test cells and the columns.
void write_per_perturbation(const std::string& path, const Evaluation& evaluation);

}  // namespace sparcell
