// Means of perturbations: the linear model as a baseline, columns and verdicts.
#include <algorithm>
#include <cmath>

#include "evaluate/averages.h"
#include "evaluate/judge.h"
#include "evaluate/linear_model.h"
#include "evaluate/per_perturbation.h"

namespace sparcell {
namespace {

/// What "beats the linear model" means (EVALUATION: all three of them).
constexpr const char* judged_means[] = {"pseudobulk_l2", "centroid_pearson", "centroid_accuracy"};

const std::vector<double>& column_of(const PseudobulkScores& scores, const std::string& key) {
  for (const auto& [name, values] : scores.columns()) {
    if (name == key) return *values;
  }
  throw InternalError("there is no column {} of perturbations", key);
}

}  // namespace

void Judge::open_perturbations() {
  if (!data_.perturbations.known()) return;
  centroids_ = training_centroids(data_, split_.train);
  if (!wanted_.any_of(MetricGroup::perturbation)) return;
  means_ = perturbation_means(data_, split_.test, centroids_);
  if (means_.perturbations.empty())
    log_.info("evaluate: means of perturbations are not judged: no perturbation has test cells");
}

void Judge::judge_linear_model() {
  if (!data_.perturbations.known() || mean_centroid(centroids_).empty()) return;
  LinearModel model = fit_linear_model(data_, centroids_, all_components_);
  if (model.fitted == 0) {
    log_.info(
        "evaluate: there is no linear model of perturbations: of none with training cells are all perturbed "
        "genes among the selected ones");
    return;
  }
  std::vector<float> host(static_cast<std::size_t>(evaluation_block * data_.gene_count()));
  const std::vector<float>& unlabelled = all_components_.mean;
  judge_reference("linear", [&](std::span<const std::int32_t> cells, auto, MatrixView<float> out) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::int32_t p = data_.perturbations.of_cell[cells[i]];
      const float* const mean = p >= 0 ? model.means.view().row(p) : unlabelled.data();
      std::copy_n(mean, out.cols, host.begin() + static_cast<std::int64_t>(i) * out.cols);
    }
    context_.memory().copy_to_device(out.data, host.data(),
                                     static_cast<std::size_t>(out.size()) * sizeof(float));
  });
  add_pseudobulk_columns("linear", references_.back().second.pseudobulk);
  linear_ = std::move(model);
}

void Judge::add_pseudobulk_columns(const std::string& name, const PseudobulkScores& scores) {
  PerturbationTable& table = result_.per_perturbation;
  for (const auto& [key, values] : scores.columns()) {
    if (values->empty() || !wanted_.has(key)) continue;
    std::vector<double> column;
    for (const std::int32_t p : table.perturbations)
      column.push_back(means_.row[p] < 0 ? std::nan("") : (*values)[means_.row[p]]);
    table.columns.push_back({name + "_" + key, std::move(column)});
  }
}

void Judge::add_pseudobulk_verdicts(const std::string& model, const PseudobulkScores& judged,
                                    const std::string& baseline, const PseudobulkScores& reference) {
  if (judged.l2.empty()) return;
  for (const char* key : judged_means) {
    const std::vector<double> differences =
        paired_differences(column_of(judged, key), column_of(reference, key));
    std::optional<Interval> interval;
    if (std::ssize(differences) >= perturbations_for_interval)
      interval = bootstrap_interval(differences, options_.resamples, seed_);
    add_verdict(model, key, baseline, interval,
                fmt::format("{} perturbations where both are defined", perturbations_for_interval));
  }
}

}  // namespace sparcell
