#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "evaluate/judge.h"
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

/// How far a model's predictions lie, beside the nearest baseline's that says something of as many.
std::string distances_of_predictions(const Evaluation& evaluation, const std::string& model,
                                     const std::string& held) {
  const auto distance = [&](const auto& entries, const std::string& who) {
    return value_of(entries, who, held + "_l2");
  };
  const auto count = [&](const auto& entries, const std::string& who) {
    return value_of(entries, who, held + "_perturbations");
  };
  std::string nearest;
  double smallest = std::numeric_limits<double>::infinity();
  for (const auto& [baseline, metrics] : evaluation.baselines) {
    if (count(evaluation.baselines, baseline) != count(evaluation.models, model)) continue;
    if (!(distance(evaluation.baselines, baseline) < smallest)) continue;
    nearest = baseline;
    smallest = distance(evaluation.baselines, baseline);
  }
  if (nearest.empty()) return "";
  return fmt::format("; its mean distance (L2) is {:.3g}, that of {} {:.3g}",
                     distance(evaluation.models, model), baseline_phrase(nearest), smallest);
}

/// Where intervals over perturbations would be over too few of them, that is what can be said.
std::string too_few_to_tell(const Evaluation& evaluation, const std::string& model, const std::string& held) {
  std::vector<std::string> few;
  std::int64_t most = 0;
  std::size_t baselines = 0;
  for (const PredictionVerdict& verdict : evaluation.prediction_verdicts) {
    if (verdict.model != model || verdict.held != held || verdict.perturbations == 0) continue;
    ++baselines;
    most = std::max(most, verdict.perturbations);
    if (verdict.perturbations < perturbations_for_interval)
      few.push_back(fmt::format("{} ({})", baseline_phrase(verdict.baseline), verdict.perturbations));
  }
  if (few.empty()) return "";
  if (few.size() < baselines) {
    return fmt::format("{}: too few {} perturbations to tell it from {}; {} are needed.", model, held,
                       fmt::join(few, " and "), perturbations_for_interval);
  }
  return fmt::format(
      "{}: {} {} perturbation{} too few to tell its predictions from baselines'; {} are needed{}.", model,
      most, held, most == 1 ? " is" : "s are", perturbations_for_interval,
      distances_of_predictions(evaluation, model, held));
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
  for (const auto& [model, metrics] : evaluation.models) {
    for (const char* held : {"seen", "unseen"}) {
      if (std::string few = too_few_to_tell(evaluation, model, held); !few.empty()) sentences.push_back(few);
    }
  }
  for (const auto& [model, reason] : evaluation.failed)
    sentences.push_back(fmt::format("{} failed and is not judged: {}.", model, reason));
  return sentences;
}

}  // namespace sparcell
