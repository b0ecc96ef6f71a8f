#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

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

std::string joined(const std::vector<std::string>& words) {
  if (words.size() < 2) return fmt::format("{}", fmt::join(words, ""));
  const std::vector<std::string> first(words.begin(), words.end() - 1);
  return fmt::format("{} and {}", fmt::join(first, ", "), words.back());
}

std::string phrase(const std::string& baseline) {
  return baseline == "split_half" ? "real cells" : baseline_phrase(baseline);
}

enum class Side { better, worse, undecided };

Side side_of(const Verdict& verdict) {
  if (verdict.beats) return Side::better;
  return verdict.low > 0 || verdict.high < 0 ? Side::worse : Side::undecided;
}

/// The baselines that this model has the outcome against; metrics of the same baselines together.
std::string part(const Evaluation& evaluation, const std::string& model, Side side) {
  std::vector<std::pair<std::string, std::vector<std::string>>> found;  // baselines and their metrics
  for (const MetricInfo& metric : evaluation.metrics) {
    std::vector<std::string> baselines;
    for (const Verdict& verdict : evaluation.verdicts) {
      if (verdict.model == model && verdict.metric == metric.key && side_of(verdict) == side)
        baselines.push_back(phrase(verdict.baseline));
    }
    if (baselines.empty()) continue;
    const std::string names = joined(baselines);
    auto same = std::find_if(found.begin(), found.end(), [&](const auto& f) { return f.first == names; });
    if (same == found.end()) same = found.insert(found.end(), {names, {}});
    same->second.push_back(metric.label);
  }
  std::vector<std::string> parts;
  for (const auto& [baselines, metrics] : found)
    parts.push_back(fmt::format("{} on {}", baselines, joined(metrics)));
  return fmt::format("{}", fmt::join(parts, ", "));
}

/// Where no model reconstructs better than PCA of its size, that is the news.
std::string news_of_pca(const Evaluation& evaluation) {
  const double pca = value_of(evaluation.baselines, "pca", "mse");
  std::string best;
  double smallest = 0;
  for (const auto& [name, metrics] : evaluation.models) {
    const double mse = value_of(evaluation.models, name, "mse");
    if (std::isnan(mse) || (!best.empty() && mse >= smallest)) continue;
    best = name;
    smallest = mse;
  }
  const bool judged = std::any_of(evaluation.verdicts.begin(), evaluation.verdicts.end(),
                                  [](const Verdict& v) { return v.metric == "mse" && v.baseline == "pca"; });
  const bool beaten = std::any_of(
      evaluation.verdicts.begin(), evaluation.verdicts.end(),
      [](const Verdict& v) { return v.metric == "mse" && v.baseline == "pca" && side_of(v) != Side::worse; });
  if (best.empty() || std::isnan(pca) || !judged || beaten) return "";
  return fmt::format(
      "PCA wins the reconstruction: its mean squared error is {:.3g}, the best model's ({}) {:.3g}.", pca,
      best, smallest);
}

/// All that the verdicts on predictions of one kind say of a model, as "beats all" or "does not" per
/// baseline.
void add_predictions(const Evaluation& evaluation, const std::string& model,
                     std::vector<std::string>& sentences) {
  for (const char* held : {"seen", "unseen"}) {
    std::vector<std::string> beaten, unbeaten;
    for (const PredictionVerdict& verdict : evaluation.prediction_verdicts) {
      if (verdict.model != model || verdict.held != held) continue;
      (verdict.beats ? beaten : unbeaten).push_back(baseline_phrase(verdict.baseline));
    }
    if (beaten.empty() && unbeaten.empty()) continue;
    std::vector<std::string> parts;
    if (!beaten.empty()) parts.push_back("beats " + joined(beaten));
    if (!unbeaten.empty()) parts.push_back("does not beat " + joined(unbeaten));
    sentences.push_back(
        fmt::format("{} {} in predicting {} perturbations (L2, Pearson of differences to the mean "
                    "perturbation and centroid "
                    "accuracy, all of them).",
                    model, fmt::join(parts, " and "), held));
  }
}

}  // namespace

std::string baseline_phrase(const std::string& baseline) {
  if (baseline == "gene_mean") return "the gene mean";
  if (baseline == "control_mean") return "the control mean";
  if (baseline == "centroid_mean") return "the mean of perturbation centroids";
  if (baseline == "pca") return "PCA of the same latent size";
  if (baseline.starts_with("pca_") && baseline != "pca_gaussian")
    return "PCA with " + baseline.substr(4) + " components";
  if (baseline == "split_half") return "real cells, one half against the other";
  if (baseline == "pca_gaussian") return "Gaussian principal components";
  if (baseline == "training_cells") return "training cells";
  if (baseline == "independent_genes") return "independently drawn genes";
  if (baseline == "shifted_controls") return "controls with a mean shift";
  if (baseline == "additive") return "the sum of single perturbations";
  if (baseline == "training_mean") return "the perturbations' training means";
  if (baseline == "linear") return "the linear model";
  return baseline;
}

std::vector<std::string> headline(const Evaluation& evaluation) {
  std::vector<std::string> sentences;
  if (const std::string news = news_of_pca(evaluation); !news.empty()) sentences.push_back(news);
  for (const auto& [model, metrics] : evaluation.models) {
    const std::string beats = part(evaluation, model, Side::better),
                      loses = part(evaluation, model, Side::worse),
                      open = part(evaluation, model, Side::undecided);
    std::vector<std::string> parts;
    if (!beats.empty()) parts.push_back("beats " + beats);
    if (!loses.empty()) parts.push_back("does worse than " + loses);
    if (!open.empty()) parts.push_back("cannot be told apart from " + open);
    if (!parts.empty()) sentences.push_back(fmt::format("{} {}.", model, fmt::join(parts, "; it ")));
    add_predictions(evaluation, model, sentences);
  }
  for (const auto& [model, reason] : evaluation.failed)
    sentences.push_back(fmt::format("{} failed and is not judged: {}.", model, reason));
  return sentences;
}

}  // namespace sparcell
