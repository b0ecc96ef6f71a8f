#include "sparcell/evaluate.h"

#include <map>
#include <optional>

#include "evaluate/generation.h"
#include "evaluate/pca.h"
#include "evaluate/reconstruction.h"
#include "evaluate/registry.h"

namespace sparcell {
namespace {

const std::vector<std::string> generation_keys{"energy_distance", "zero_fraction_error",
                                               "exact_zero_fraction_error", "mean_pearson_squared",
                                               "variance_ratio"};

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

void set_reconstruction(Scores& scores, const ReconstructionScores& r) {
  scores.set("mse", r.mse);
  scores.set("mae", r.mae);
  scores.set("r2", r.r2);
  scores.set("r2_varying", r.r2_varying);
  scores.set("varying_genes", static_cast<double>(r.varying_genes));
  scores.set("pearson_per_gene", r.pearson_per_gene);
  scores.set("pearson_undefined", static_cast<double>(r.pearson_undefined));
}

void set_generation(Scores& scores, const GenerationScores& g) {
  scores.set("energy_distance", g.energy_distance);
  scores.set("zero_fraction_error", g.genes.zero_fraction_error);
  scores.set("exact_zero_fraction_error", g.genes.exact_zero_fraction_error);
  scores.set("mean_pearson_squared", g.genes.mean_pearson_squared);
  scores.set("variance_ratio", g.genes.variance_ratio);
}

/// One evaluation: what its parts share.
class Judge {
 public:
  Judge(Context& context, const Dataset& data, const Split& split, const std::vector<JudgedModel>& models,
        const EvaluateOptions& options, std::uint64_t seed, Log& log)
      : context_(context),
        data_(data),
        split_(split),
        models_(models),
        options_(options),
        seed_(seed),
        log_(log),
        wanted_(options),
        real_(context, data.x),
        test_(group_test_cells(data.x, split.test, seed)) {}

  Evaluation run() {
    fit_components();
    Projector projector(context_, all_components_, result_.pca.components.rows);
    const RealSample sample(context_, real_, test_, projector, seed_);
    add_columns("", "_real", sample.distribution());
    judge_baselines();
    if (generation_wanted()) {
      Scores scores = scores_of("split_half");
      set_generation(scores, sample.split_half());
      result_.baselines.emplace_back("split_half", scores.metrics());
    }
    for (const JudgedModel& model : models_) judge_model(model, sample);
    list_metrics();
    return std::move(result_);
  }

 private:
  bool generation_wanted() const { return wanted_.any_of(generation_keys); }
  Scores scores_of(const std::string& who) { return Scores(wanted_, who, test_.count(), &log_); }

  void fit_components() {
    std::int64_t most = options_.components;
    for (std::int64_t latent : latent_sizes(models_)) most = std::max(most, latent);
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

  void judge_baselines() {
    const DeviceMatrix<float> means(context_, repeated_means());
    gene_mean_ = add_baseline("gene_mean", [&](auto cells, auto, MatrixView<float> out) {
      const std::size_t bytes = cells.size() * all_components_.mean.size() * sizeof(float);
      context_.memory().copy_on_device(out.data, means.view().data, bytes);
    });
    for (std::int64_t latent : latent_sizes(models_)) {
      Projector projector(context_, all_components_, std::min(latent, all_components_.components.rows));
      const std::string name = pca_.empty() ? "pca" : fmt::format("pca_{}", latent);
      pca_[latent] = add_baseline(name, [&](auto, MatrixView<const float> real, MatrixView<float> out) {
        projector.reconstruct(real, out);
      });
    }
  }

  Matrix<float> repeated_means() const {
    Matrix<float> rows(evaluation_block, data_.gene_count());
    for (std::int64_t r = 0; r < rows.rows; ++r) {
      std::copy(all_components_.mean.begin(), all_components_.mean.end(), rows.view().row(r));
    }
    return rows;
  }

  ReconstructionScores reconstruction(const std::string& name, const Reconstruct& reconstruct) {
    return judge_reconstruction(context_, real_, test_, reconstruct, name, data_.cells.names);
  }

  ReconstructionScores add_baseline(const std::string& name, const Reconstruct& reconstruct) {
    ReconstructionScores judged = reconstruction(name, reconstruct);
    Scores scores(wanted_, name, test_.count(), nullptr);
    set_reconstruction(scores, judged);
    result_.baselines.emplace_back(name, scores.metrics());
    add_columns(name, judged);
    return judged;
  }

  void judge_model(const JudgedModel& model, const RealSample& sample) {
    Scores scores = scores_of(model.name);
    if (model.reconstruct) {
      const ReconstructionScores judged = reconstruction(
          model.name, [&](auto cells, auto, MatrixView<float> out) { model.reconstruct(cells, out); });
      set_reconstruction(scores, judged);
      add_columns(model.name, judged);
      add_verdicts(model.name, judged, "gene_mean", gene_mean_);
      add_verdicts(model.name, judged, "pca", pca_.at(model.latent));
    }
    if (model.reconstruct_at_mean && wanted_.has("mse_at_mean")) {
      const auto at_mean = [&](auto cells, auto, MatrixView<float> out) {
        model.reconstruct_at_mean(cells, out);
      };
      scores.set("mse_at_mean", reconstruction(model.name, at_mean).mse);
    }
    if (model.generate && generation_wanted()) {
      const GenerationScores judged = sample.judge(model);
      set_generation(scores, judged);
      add_columns(model.name + "_", "", judged.distribution);
      add_verdict(model.name, "energy_distance", "split_half", judged.against_split_half);
    }
    result_.models.emplace_back(model.name, scores.metrics());
  }

  void add_verdict(const std::string& model, const std::string& metric, const std::string& baseline,
                   const std::optional<Interval>& difference) {
    if (!wanted_.has(metric)) return;
    if (!difference) {
      log_.info(
          "evaluate: no verdict on the {} of {} against {}: it needs {} test cells and a value that is "
          "defined",
          metric, model, baseline, TestCells::for_interval);
      return;
    }
    const auto [value, low, high] = *difference;
    const bool beats = wanted_.info(metric).better == Better::smaller ? high < 0 : low > 0;
    result_.verdicts.push_back({model, metric, baseline, value, low, high, beats});
  }

  void add_verdicts(const std::string& model, const ReconstructionScores& judged, const std::string& baseline,
                    const ReconstructionScores& reference) {
    add_verdict(model, "mse", baseline, mse_difference(judged, reference, options_.resamples, seed_));
    add_verdict(model, "r2_varying", baseline, r2_difference(judged, reference));
  }

  void add_columns(const std::string& name, const ReconstructionScores& scores) {
    result_.per_gene.push_back({name + "_mse", scores.gene_mse});
    result_.per_gene.push_back({name + "_r2", scores.gene_r2});
    result_.per_gene.push_back({name + "_pearson", scores.gene_pearson});
  }

  void add_columns(const std::string& before, const std::string& behind,
                   const GeneDistribution& distribution) {
    result_.per_gene.push_back({before + "mean" + behind, distribution.mean});
    result_.per_gene.push_back({before + "variance" + behind, distribution.variance});
    result_.per_gene.push_back({before + "zero_fraction" + behind, distribution.zero_fraction});
  }

  void list_metrics() {
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
    for (const MetricInfo& info : metric_registry(result_.pca.components.rows)) {
      if (computed(info.key)) result_.metrics.push_back(info);
    }
  }

  Context& context_;
  const Dataset& data_;
  const Split& split_;
  const std::vector<JudgedModel>& models_;
  const EvaluateOptions& options_;
  std::uint64_t seed_;
  Log& log_;
  WantedMetrics wanted_;
  RealBlocks real_;
  TestCells test_;
  PrincipalComponents all_components_;  ///< of the largest latent size
  ReconstructionScores gene_mean_;
  std::map<std::int64_t, ReconstructionScores> pca_;  ///< by latent size
  Evaluation result_;
};

}  // namespace

Evaluation evaluate(Context& context, const Dataset& data, const Split& split,
                    const std::vector<JudgedModel>& models, const EvaluateOptions& options,
                    std::uint64_t seed, Log& log) {
  check_metrics(options);
  if (split.test.empty()) throw DataError("evaluate: the split has no test cells");
  return Judge(context, data, split, models, options, seed, log).run();
}

}  // namespace sparcell
