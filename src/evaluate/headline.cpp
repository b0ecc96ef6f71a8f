#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/standing.h"
#include "sparcell/evaluate.h"

namespace sparcell {
namespace {

double value_of(const std::vector<std::pair<std::string, Metrics>>& entries, const std::string& name,
                const std::string& key) {
  for (const auto& [who, metrics] : entries) {
    if (who != name) continue;
    for (const auto& [metric, value] : metrics) {
      if (metric == key) return value;
    }
  }
  return std::numeric_limits<double>::quiet_NaN();
}

Side side_shown_by(const Verdict& verdict) {
  return side_of(verdict.baseline, verdict.beats, verdict.low, verdict.high, verdict.p_value);
}

std::string group_of(const Evaluation& evaluation, const std::string& metric) {
  for (const MetricInfo& info : evaluation.metrics) {
    if (info.key == metric) return std::string(name_of(info.group));
  }
  return "other";
}

/// Where no model reconstructs better than PCA of its size, that is the news.
std::string news_of_pca(const Evaluation& evaluation) {
  std::string best;
  double smallest = 0;
  for (const auto& [name, metrics] : evaluation.models) {
    const double mse = value_of(evaluation.models, name, "mse");
    if (std::isnan(mse) || (!best.empty() && mse >= smallest)) continue;
    best = name;
    smallest = mse;
  }
  const auto own = std::find_if(evaluation.pca_of_models.begin(), evaluation.pca_of_models.end(),
                                [&](const ModelPca& pca) { return pca.model == best; });
  const bool judged = std::any_of(evaluation.verdicts.begin(), evaluation.verdicts.end(),
                                  [](const Verdict& v) { return v.metric == "mse" && v.baseline == "pca"; });
  const bool beaten =
      std::any_of(evaluation.verdicts.begin(), evaluation.verdicts.end(), [](const Verdict& v) {
        return v.metric == "mse" && v.baseline == "pca" && side_shown_by(v) != Side::worse;
      });
  if (best.empty() || own == evaluation.pca_of_models.end() || !judged || beaten) return "";
  return fmt::format(
      "PCA with {} components wins the reconstruction: its mean squared error is {:.3g}, the best model's "
      "({}) {:.3g}.",
      own->components, value_of(evaluation.baselines, own->baseline, "mse"), best, smallest);
}

}  // namespace

std::string baseline_phrase(const std::string& baseline) {
  if (baseline == "gene_mean") return "the gene mean";
  if (baseline == "control_mean") return "the control mean";
  if (baseline == "centroid_mean") return "the mean of perturbation centroids";
  for (const auto& [name, phrase] : {std::pair{"pca_clamped", "PCA clamped at 0"},
                                     {"pca_shrunk", "PCA of a shrunk covariance"},
                                     {"pca", "PCA"}}) {
    if (baseline == name) return fmt::format("{} of the same latent size", phrase);
    if (baseline.starts_with(fmt::format("{}_", name)))
      return fmt::format("{} with {} components", phrase, baseline.substr(std::string(name).size() + 1));
  }
  if (baseline == "split_half") return "real cells, one half against the other";
  if (baseline == "gaussian_pca") return "Gaussian principal components";
  if (baseline == "training_cells") return "training cells";
  if (baseline == "shuffled_genes") return "shuffled genes";
  if (baseline == "nb_library") return "negative binomial genes with library size";
  if (baseline == "shifted_controls") return "controls with a mean shift";
  if (baseline == "additive") return "the sum of single perturbations";
  if (baseline == "training_mean") return "the perturbations' training means";
  if (baseline == "linear") return "the linear model";
  return baseline;
}

std::vector<std::string> headline(const Evaluation& evaluation) {
  std::vector<std::string> sentences;
  if (const std::string news = news_of_pca(evaluation); !news.empty()) sentences.push_back(news);
  std::vector<SidedVerdict> verdicts;
  for (const Verdict& verdict : evaluation.verdicts) {
    verdicts.push_back(
        {verdict.model, group_of(evaluation, verdict.metric), verdict.baseline, side_shown_by(verdict)});
  }
  for (const std::string& sentence : standing_sentences(standings(verdicts))) sentences.push_back(sentence);
  for (const auto& [model, reason] : evaluation.failed)
    sentences.push_back(fmt::format("{} failed and is not judged: {}.", model, reason));
  return sentences;
}

}  // namespace sparcell
