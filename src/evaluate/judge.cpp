#include "evaluate/judge.h"

#include <algorithm>
#include <cmath>

#include "evaluate/per_perturbation.h"
#include "evaluate/standing.h"

namespace sparcell {
namespace {

void set_all(Scores& scores, const Metrics& values) {
  for (const auto& [key, value] : values) scores.set(key, value);
}

void check_latent(const Matrix<float>& values, const std::string& model, std::span<const std::int32_t> cells,
                  std::span<const std::string> names) {
  for (std::size_t v = 0; v < values.values.size(); ++v) {
    if (std::isfinite(values.values[v])) continue;
    const std::int32_t cell = cells[v / static_cast<std::size_t>(values.cols)];
    throw NumericalError(
        "model {}: its latent space holds a value that is not finite at cell {} (row {} of the data); a "
        "smaller learning rate or gradient clipping may help",
        model, names[cell], cell);
  }
}

}  // namespace

Judge::Judge(Context& context, const Dataset& data, const Split& split,
             const std::vector<JudgedModel>& models, const EvaluateOptions& options, std::uint64_t seed,
             Log& log)
    : context_(context),
      data_(data),
      split_(split),
      models_(models),
      options_(options),
      seed_(seed),
      log_(log),
      wanted_(options),
      real_(context, data.x),
      test_(group_test_cells(data.x, split.test, seed)),
      count_means_(options.as_counts == CountsToo::always && logarithms() ? count_means(data.x, test_)
                                                                          : std::vector<double>()),
      labelled_(labelled_cells(data, split)) {
  result_.per_perturbation = perturbation_table(data, split.test);
}

void set_reconstruction(const ReconstructionScores& judged, Scores& scores) {
  scores.set("mse", judged.mse);
  scores.set("mae", judged.mae);
  scores.set("r2", judged.r2);
  scores.set("r2_varying", judged.r2_varying);
  scores.set("varying_genes", static_cast<double>(judged.varying_genes));
  scores.set("pearson_per_gene", judged.pearson_per_gene);
  scores.set("pearson_undefined", static_cast<double>(judged.pearson_undefined));
  if (judged.counts) {
    scores.set("counts_mse", judged.counts->mse);
    scores.set("counts_mae", judged.counts->mae);
    scores.set("counts_r2", judged.counts->r2);
    scores.set("counts_r2_varying", judged.counts->r2_varying);
    scores.set("counts_pearson_per_gene", judged.counts->pearson_per_gene);
  }
  for (const auto& [key, values] : judged.pseudobulk.columns()) {
    if (!values->empty()) scores.set(key, mean_of_defined(*values));
  }
}

Evaluation Judge::run() {
  fit_components();
  open_generation();
  open_perturbations();
  judge_constants();
  judge_linear_model();
  judge_components();
  judge_count_likelihood();
  judge_generation_baselines();
  open_predictions();
  for (const JudgedModel& model : models_) {
    try {
      judge_model(model);
    } catch (const NumericalError& error) {
      if (models_.size() == result_.failed.size() + 1) throw;
      log_.warn("evaluate: {}; the other models are judged", error.what());
      result_.failed.emplace_back(model.name, error.what());
    }
  }
  list_metrics();
  return std::move(result_);
}

void Judge::open_generation() {
  if (!wanted_.any_of(MetricGroup::generation) && !wanted_.any_of(MetricGroup::expression)) return;
  space_components_ =
      options_.components_of == ComponentsOf::train ? result_.pca : components_of_validation();
  projector_ = std::make_unique<Projector>(context_, space_components_, space_components_.components.rows);
  space_.emplace(sample_space(context_, *projector_, space_components_, test_.means,
                              most_variable(data_.x, split_.train, correlated_genes), wanted_, seed_));
  space_->logarithms = logarithms();
  sample_.emplace(*space_, real_, test_, split_.train, seed_);
  add_columns("", "_real", sample_->distribution());
}

void Judge::judge_model(const JudgedModel& model) {
  const std::size_t verdicts = result_.verdicts.size(), genes = result_.per_gene.size(),
                    perturbations = result_.per_perturbation.columns.size(),
                    of_predictions = result_.prediction_verdicts.size();
  const std::vector<PredictionGroup> groups = result_.prediction_groups;
  try {
    Scores scores = scores_of(model.name);
    judge_reconstruction_of(model, scores);
    judge_likelihood_of(model, scores);
    judge_generation_of(model, scores);
    judge_latent_of(model, scores);
    judge_predictions_of(model, scores);
    result_.models.emplace_back(model.name, scores.metrics());
  } catch (const NumericalError&) {
    result_.verdicts.resize(verdicts);
    result_.per_gene.resize(genes);
    result_.per_perturbation.columns.resize(perturbations);
    result_.prediction_verdicts.resize(of_predictions);
    result_.prediction_groups = groups;
    throw;
  }
}

void Judge::judge_reconstruction_of(const JudgedModel& model, Scores& scores) {
  if (!model.reconstruct) return;
  const ReconstructionScores judged = reconstruction(
      model.name, [&](auto cells, auto, MatrixView<float> out) { model.reconstruct(cells, out); });
  set_reconstruction(judged, scores);
  add_columns(model.name, judged);
  add_pseudobulk_columns(model.name, judged.pseudobulk);
  for (const auto& [name, reference] : references_) {
    add_reconstruction_verdicts(model.name, judged, name, reference);
    if (name == "linear") add_pseudobulk_verdicts(model.name, judged.pseudobulk, name, reference.pseudobulk);
  }
  const ReconstructionScores& pca = pca_.at(model.latent);
  add_reconstruction_verdicts(model.name, judged, "pca", pca);
  add_pseudobulk_verdicts(model.name, judged.pseudobulk, "pca", pca.pseudobulk);
  for (const auto& [name, reference] : pca_variants_[model.latent])
    add_reconstruction_verdicts(model.name, judged, name, reference);
  if (!model.reconstruct_at_mean || !wanted_.has("mse_at_mean")) return;
  scores.set("mse_at_mean", reconstruction(model.name, [&](auto cells, auto, MatrixView<float> out) {
                              model.reconstruct_at_mean(cells, out);
                            }).mse);
}

void Judge::judge_generation_of(const JudgedModel& model, Scores& scores) {
  if (!model.generate || !sample_) return;
  const GenerationScores judged =
      sample_->judge(model.name, model.generate, options_.generated_per_test_cell);
  set_all(scores, judged.values);
  add_columns(model.name + "_", "", judged.distribution);
  if (!judged.gene_wasserstein.empty())
    result_.per_gene.push_back({model.name + "_wasserstein", judged.gene_wasserstein});
  if (judged.distances) add_distance_verdicts(model.name, *judged.distances);
}

void Judge::judge_likelihood_of(const JudgedModel& model, Scores& scores) {
  if (!model.likelihood || !wanted_.any_of(MetricGroup::likelihood)) return;
  const CellLikelihoods judged = model.likelihood(test_.cells, iwelbo_draws);
  for (std::size_t i = 0; i < judged.iwelbo.size(); ++i) {
    if (std::isfinite(judged.iwelbo[i])) continue;
    throw NumericalError(
        "model {}: the likelihood of cell {} (row {} of the data) is not finite; a smaller "
        "learning rate or gradient clipping may help",
        model.name, data_.cells.names[test_.cells[i]], test_.cells[i]);
  }
  const double reconstruction = mean_of_defined(judged.reconstruction), kl = mean_of_defined(judged.kl);
  scores.set("iwelbo", mean_of_defined(judged.iwelbo));
  scores.set("elbo", reconstruction - kl);
  scores.set("elbo_reconstruction", reconstruction);
  scores.set("elbo_kl", kl);
  if (!model.of_counts || count_likelihood_.empty()) return;
  add_cell_verdict(
      model.name, "iwelbo", "nb_library", judged.iwelbo, count_likelihood_,
      [&](auto differences) { return bootstrap_interval(differences, options_.resamples, seed_); });
}

void Judge::judge_latent_of(const JudgedModel& model, Scores& scores) {
  if (!model.encode) return;
  const std::optional<LatentScores> judged = latent(model.name, model.encode, scores);
  if (!judged || judged->correct.empty()) return;
  const auto reference = pca_correct_.find(model.latent);
  if (reference == pca_correct_.end()) return;
  add_cell_verdict(model.name, "linear_accuracy", "pca", judged->correct, reference->second, mean_interval);
}

ReconstructionScores Judge::reconstruction(const std::string& name, const Reconstruct& reconstruct) {
  if (means_.perturbations.empty())
    return judge_reconstruction(context_, real_, test_, reconstruct, name, data_.cells.names, count_means_);
  PseudobulkSums sums(context_, data_, means_);
  ReconstructionScores scores = judge_reconstruction(
      context_, real_, test_,
      [&](std::span<const std::int32_t> cells, MatrixView<const float> real, MatrixView<float> out) {
        reconstruct(cells, real, out);
        sums.add(cells, out);
      },
      name, data_.cells.names, count_means_);
  scores.pseudobulk = sums.scores();
  return scores;
}

std::optional<LatentScores> Judge::latent(const std::string& name, const Encode& encode, Scores& scores) {
  if (!wanted_.any_of(MetricGroup::latent) || !data_.perturbations.known()) return std::nullopt;
  if (labelled_.labels() < 2) {
    log_.info(
        "evaluate: the latent space of {} is not judged: it needs two perturbations with training and "
        "test cells, there are {}",
        name, labelled_.labels());
    return std::nullopt;
  }
  const auto checked = [&](std::span<const std::int32_t> cells) {
    Matrix<float> values = encode(cells);
    check_latent(values, name, cells, data_.cells.names);
    return values;
  };
  LatentScores judged = judge_latent(context_, labelled_, checked, wanted_, seed_);
  set_all(scores, judged.values);
  const auto column = [&](const char* metric, const std::vector<double>& values) {
    add_column(result_.per_perturbation, data_, name + metric, labelled_.test, values);
  };
  column("_silhouette", judged.silhouettes);
  column("_knn_purity", judged.purities);
  column("_linear_accuracy", judged.correct);
  return judged;
}

void Judge::add_columns(const std::string& name, const ReconstructionScores& scores) {
  result_.per_gene.push_back({name + "_mse", scores.gene_mse});
  result_.per_gene.push_back({name + "_r2", scores.gene_r2});
  result_.per_gene.push_back({name + "_pearson", scores.gene_pearson});
  add_column(result_.per_perturbation, data_, name + "_mse", test_.cells, scores.cell_errors);
}

void Judge::add_columns(const std::string& before, const std::string& behind,
                        const GeneDistribution& distribution) {
  result_.per_gene.push_back({before + "mean" + behind, distribution.mean});
  result_.per_gene.push_back({before + "variance" + behind, distribution.variance});
  result_.per_gene.push_back({before + "zero_fraction" + behind, distribution.zero_fraction});
}

void Judge::list_metrics() {
  const auto computed = [&](const std::string& key) {
    for (const auto* entries : {&result_.models, &result_.baselines}) {
      for (const auto& [name, metrics] : *entries) {
        for (const auto& [metric, value] : metrics) {
          if (metric == key) return true;
        }
      }
    }
    return false;
  };
  // The name of a distance's definition says the components that it was computed in.
  const std::int64_t components = sample_ ? space_components_.components.rows : options_.components;
  for (const MetricInfo& info : metric_registry(components, options_.components_of)) {
    if (computed(info.key)) result_.metrics.push_back(logarithms() ? info : of_plain_values(info));
  }
}

}  // namespace sparcell
