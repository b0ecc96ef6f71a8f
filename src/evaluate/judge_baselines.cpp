// What every run's models are held against.
#include <algorithm>

#include "evaluate/count_moments.h"
#include "evaluate/judge.h"
#include "evaluate/linear_model.h"
#include "sparcell/ops/layer.h"

namespace sparcell {
namespace {

/// The latent sizes that PCA is compared at, the first model's first; of models that reconstruct, where there
/// are any.
std::vector<std::int64_t> latent_sizes(const std::vector<JudgedModel>& models) {
  std::vector<std::int64_t> reconstructing, all;
  const auto add = [](std::vector<std::int64_t>& sizes, std::int64_t latent) {
    if (std::find(sizes.begin(), sizes.end(), latent) == sizes.end()) sizes.push_back(latent);
  };
  for (const JudgedModel& model : models) {
    add(all, model.latent);
    if (model.reconstruct) add(reconstructing, model.latent);
  }
  return reconstructing.empty() ? all : reconstructing;
}

std::vector<float> as_cell(std::span<const double> values) { return {values.begin(), values.end()}; }

}  // namespace

void Judge::fit_components() {
  std::int64_t most = options_.components;
  for (std::int64_t latent : latent_sizes(models_)) most = std::max(most, latent);
  if (data_.perturbations.known()) most = std::max(most, LinearModel::components);
  if (split_.train.size() < 2) {
    throw DataError("evaluate: principal components need two training cells, there are {}",
                    split_.train.size());
  }
  all_components_ = fit_pca(context_, data_.x, split_.train, most, log_);
  const std::int64_t kept = std::min(options_.components, all_components_.components.rows);
  result_.pca = all_components_;
  result_.pca.variance.resize(static_cast<std::size_t>(kept));
  result_.pca.components.rows = kept;
  result_.pca.components.values.resize(static_cast<std::size_t>(kept * data_.gene_count()));
}

PrincipalComponents Judge::components_of_validation() {
  PrincipalComponents components = fit_pca(context_, data_.x, split_.validation, options_.components, log_);
  components.mean = all_components_.mean;
  components.variance = variance_of(components.transform(context_, data_.x, split_.train));
  return components;
}

ReconstructionScores Judge::reconstruct_baseline(const std::string& name, const Reconstruct& reconstruct,
                                                 Scores& scores) {
  ReconstructionScores judged = reconstruction(name, reconstruct);
  set_reconstruction(judged, scores);
  add_columns(name, judged);
  return judged;
}

void Judge::judge_constants() {
  judge_constant("gene_mean", all_components_.mean);
  if (!data_.perturbations.known()) return;
  const std::vector<double> centroid = mean_centroid(centroids_);
  if (!centroid.empty()) judge_constant("centroid_mean", as_cell(centroid));
  if (!centroids_.cells.empty() && centroids_.cells[0] > 0) {
    const std::span<const double> means(centroids_.means.values);
    judge_constant("control_mean", as_cell(means.first(data_.gene_count())));
  }
}

void Judge::judge_constant(const std::string& name, const std::vector<float>& cell) {
  Matrix<float> rows(evaluation_block, data_.gene_count());
  for (std::int64_t r = 0; r < rows.rows; ++r) std::copy(cell.begin(), cell.end(), rows.view().row(r));
  const DeviceMatrix<float> block(context_, rows);
  judge_reference(name, [&](auto cells, auto, MatrixView<float> out) {
    context_.memory().copy_on_device(out.data, block.view().data, cells.size() * cell.size() * sizeof(float));
  });
}

void Judge::judge_reference(const std::string& name, const Reconstruct& reconstruct) {
  Scores scores(wanted_, name, test_.count(), nullptr);
  references_.emplace_back(name, reconstruct_baseline(name, reconstruct, scores));
  result_.baselines.emplace_back(name, scores.metrics());
}

void Judge::judge_components() {
  for (std::int64_t latent_size : latent_sizes(models_)) {
    Projector projector(context_, all_components_, std::min(latent_size, all_components_.components.rows));
    const std::string name = pca_.empty() ? "pca" : fmt::format("pca_{}", latent_size);
    Scores scores(wanted_, name, test_.count(), nullptr);
    pca_[latent_size] = reconstruct_baseline(
        name,
        [&](auto, MatrixView<const float> real, MatrixView<float> out) { projector.reconstruct(real, out); },
        scores);
    add_pseudobulk_columns(name, pca_[latent_size].pseudobulk);
    const auto encode = [&](std::span<const std::int32_t> cells) {
      DeviceMatrix<float> values(context_, static_cast<std::int64_t>(cells.size()), projector.components());
      for_each_block(0, values.rows(), [&](std::int64_t first, std::int64_t count) {
        projector.scores(real_.load(cells.subspan(first, count)), values.rows(first, count));
      });
      return values.to_host();
    };
    if (projector.components() > 0) {
      if (const auto judged = latent(name, encode, scores)) pca_correct_[latent_size] = judged->correct;
    }
    result_.baselines.emplace_back(name, scores.metrics());
    for (const JudgedModel& model : models_) {
      if (model.reconstruct && model.latent == latent_size)
        result_.pca_of_models.push_back({model.name, name, projector.components()});
    }
  }
  for (std::int64_t latent_size : latent_sizes(models_)) judge_variants_of_pca(latent_size);
}

/// PCA clamped at 0, and PCA of a shrunk covariance: where expression is never negative, and where cells are
/// few, plain PCA is easily beaten by better PCA.
void Judge::judge_variants_of_pca(std::int64_t latent) {
  const bool first = latent == latent_sizes(models_).front();
  const auto judge = [&](const std::string& variant, const Reconstruct& reconstruct) {
    const std::string name = first ? variant : fmt::format("{}_{}", variant, latent);
    Scores scores(wanted_, name, test_.count(), nullptr);
    pca_variants_[latent].emplace_back(variant, reconstruct_baseline(name, reconstruct, scores));
    result_.baselines.emplace_back(name, scores.metrics());
  };
  const auto negative = [](float value) { return value < 0; };
  if (std::any_of(data_.x.values.begin(), data_.x.values.end(), negative)) {
    if (first) log_.info("evaluate: there is no pca_clamped: the data have negative values");
  } else {
    Projector projector(context_, all_components_, std::min(latent, all_components_.components.rows));
    const DeviceMatrix<float> unclamped(context_, evaluation_block, data_.gene_count());
    judge("pca_clamped", [&](auto, MatrixView<const float> real, MatrixView<float> out) {
      const MatrixView<float> values = unclamped.rows(0, out.rows);
      projector.reconstruct(real, values);
      const LayerPass<float> all{.rows = out.rows};
      layer_forward<float>(context_, {.activation = Activation::relu, .training = false}, {}, {}, {&all, 1},
                           values, out);
    });
  }
  if (const std::string missing = nothing_to_shrink(data_, split_); !missing.empty()) {
    if (first) log_.info("evaluate: there is no pca_shrunk: {}", missing);
    return;
  }
  const PrincipalComponents shrunk =
      fit_shrunk_pca(context_, data_.x, split_.train, split_.validation, latent, log_);
  Projector projector(context_, shrunk, shrunk.components.rows);
  judge("pca_shrunk",
        [&](auto, MatrixView<const float> real, MatrixView<float> out) { projector.reconstruct(real, out); });
}

std::string Judge::nothing_to_shrink(const Dataset& data, const Split& split) {
  if (split.validation.empty()) return "its shrinkage is chosen on validation cells, and there are none";
  if (data.gene_count() > most_shrunk_genes) {
    return fmt::format("it takes several eigendecompositions, and {} genes are more than {}",
                       data.gene_count(), most_shrunk_genes);
  }
  return "";
}

void Judge::judge_count_likelihood() {
  if (!wanted_.any_of(MetricGroup::likelihood) || !has_whole_counts(data_)) return;
  count_likelihood_ =
      log_probability(data_, test_.cells, count_moments(data_, split_.train), context_.threads());
}

void Judge::judge_generation_baselines() {
  if (!sample_) {
    if (count_likelihood_.empty()) return;
    Scores scores(wanted_, "nb_library", test_.count(), nullptr);
    scores.set("iwelbo", mean_of_defined(count_likelihood_));
    result_.baselines.emplace_back("nb_library", scores.metrics());
    return;
  }
  const auto add = [&](const std::string& name, const GenerationScores& judged) {
    Scores scores(wanted_, name, test_.count(), nullptr);
    if (name == "nb_library" && !count_likelihood_.empty())
      scores.set("iwelbo", mean_of_defined(count_likelihood_));
    for (const auto& [key, value] : judged.values) scores.set(key, value);
    result_.baselines.emplace_back(name, scores.metrics());
  };
  add("split_half", sample_->split_half());
  GenerationBaselines baselines(context_, data_, split_.train, space_components_, *projector_, seed_);
  for (const GenerationBaselines::Baseline& baseline : baselines.all()) {
    const std::int64_t distinct = std::max<std::int64_t>(1, baseline.most_cells / test_.count());
    GenerationScores judged = sample_->judge(baseline.name, baseline.generate,
                                             std::min(options_.generated_per_test_cell, distinct));
    add(baseline.name, judged);
    if (judged.distances) baseline_distances_.emplace_back(baseline.name, std::move(*judged.distances));
  }
}

}  // namespace sparcell
