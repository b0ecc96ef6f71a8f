// Predicted means of perturbations, seen and unseen apart: baselines, columns, groups and verdicts.
#include <algorithm>
#include <cmath>

#include "core/guides.h"
#include "evaluate/averages.h"
#include "evaluate/judge.h"

namespace sparcell {
namespace {

/// What "beats a baseline" means (EVALUATION: all three of them).
constexpr const char* judged_predictions[] = {"l2", "centroid_pearson", "centroid_accuracy"};

const std::vector<double>& values_of(const PredictionScores& scores, const std::string& name) {
  const auto found =
      std::find_if(scores.begin(), scores.end(), [&](const auto& s) { return s.first == name; });
  require(found != scores.end(), "there is no score {} of predictions", name);
  return found->second;
}

Matrix<double> rows_of(const Matrix<float>& means, std::span<const std::int32_t> perturbations) {
  Matrix<double> rows(std::ssize(perturbations), means.cols);
  for (std::int64_t r = 0; r < rows.rows; ++r) {
    for (std::int64_t g = 0; g < rows.cols; ++g) rows(r, g) = means(perturbations[r], g);
  }
  return rows;
}

bool says_nothing(const std::vector<double>& values) {
  return std::all_of(values.begin(), values.end(), [](double value) { return std::isnan(value); });
}

}  // namespace

void Judge::open_predictions() {
  const bool any_predicts = std::any_of(models_.begin(), models_.end(),
                                        [](const JudgedModel& model) { return bool(model.predict); });
  const bool wanted =
      wanted_.any_of(MetricGroup::prediction_seen) || wanted_.any_of(MetricGroup::prediction_unseen);
  if (!any_predicts || !wanted || !data_.perturbations.known()) return;
  const CellMoments train = cell_moments(data_, split_.train), test = cell_moments(data_, split_.test);
  for (const Held held : {Held::seen, Held::unseen}) {
    Predictions predictions{prediction_set(data_, train, test, held), {}};
    if (predictions.set.perturbations.empty()) continue;
    judge_prediction_baselines(predictions);
    predictions_.push_back(std::move(predictions));
  }
  if (predictions_.empty()) log_.info("evaluate: predictions are not judged: no perturbation has test cells");
}

void Judge::judge_prediction_baselines(Predictions& predictions) {
  auto baselines = prediction_baselines(data_, predictions.set, centroids_);
  if (linear_) baselines.emplace_back("linear", rows_of(linear_->means, predictions.set.perturbations));
  for (const auto& [name, means] : baselines) {
    PredictionScores judged = judge_predictions(context_, predictions.set, means);
    Scores scores(wanted_, name, test_.count(), nullptr);
    set_predictions(predictions, judged, scores);
    auto entry = std::find_if(result_.baselines.begin(), result_.baselines.end(),
                              [&, &wanted_name = name](const auto& b) { return b.first == wanted_name; });
    if (entry == result_.baselines.end())
      entry = result_.baselines.insert(result_.baselines.end(), {name, {}});
    const Metrics metrics = scores.metrics();
    entry->second.insert(entry->second.end(), metrics.begin(), metrics.end());
    add_prediction_columns(name, predictions, judged);
    add_prediction_groups(name, predictions, judged);
    predictions.baselines.emplace_back(name, std::move(judged));
  }
}

void Judge::judge_predictions_of(const JudgedModel& model, Scores& scores) {
  if (!model.predict) return;
  for (const Predictions& predictions : predictions_) {
    const PredictionSet& set = predictions.set;
    Matrix<double> means(set.real.rows, set.real.cols);
    for (std::int64_t r = 0; r < means.rows; ++r) {
      const std::vector<float> mean = model.predict(set.perturbations[r]);
      for (std::int64_t g = 0; g < means.cols; ++g) {
        if (!std::isfinite(mean[g])) {
          throw NumericalError("model {}: its prediction of {} is not finite for gene {}", model.name,
                               data_.perturbations.names[set.perturbations[r]], data_.genes.names[g]);
        }
        means(r, g) = mean[g];
      }
    }
    const PredictionScores judged = judge_predictions(context_, set, means);
    set_predictions(predictions, judged, scores);
    add_prediction_columns(model.name, predictions, judged);
    add_prediction_groups(model.name, predictions, judged);
    add_prediction_verdicts(model.name, predictions, judged);
  }
}

void Judge::set_predictions(const Predictions& predictions, const PredictionScores& judged,
                            Scores& scores) const {
  const std::string held = name_of(predictions.set.held);
  for (const auto& [name, values] : judged) scores.set(held + "_" + name, mean_of_defined(values));
  const std::vector<double>& errors = values_of(judged, "l2");  // defined wherever something is predicted
  const auto predicted =
      std::count_if(errors.begin(), errors.end(), [](double error) { return !std::isnan(error); });
  scores.set(held + "_perturbations", static_cast<double>(predicted));
}

void Judge::add_prediction_columns(const std::string& name, const Predictions& predictions,
                                   const PredictionScores& judged) {
  PerturbationTable& table = result_.per_perturbation;
  for (const char* score : judged_predictions) {
    const std::vector<double>& values = values_of(judged, score);
    const std::string title = fmt::format("{}_predicted_{}", name, score);
    auto column = std::find_if(table.columns.begin(), table.columns.end(),
                               [&](const GeneColumn& c) { return c.name == title; });
    if (column == table.columns.end()) {
      const std::vector<double> nothing(table.perturbations.size(), std::nan(""));
      column = table.columns.insert(table.columns.end(), {title, nothing});
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
      const auto row =
          std::find(table.perturbations.begin(), table.perturbations.end(), predictions.set.perturbations[i]);
      column->values[static_cast<std::size_t>(row - table.perturbations.begin())] = values[i];
    }
  }
}

void Judge::add_prediction_groups(const std::string& name, const Predictions& predictions,
                                  const PredictionScores& judged) {
  if (predictions.set.held == Held::seen) return;
  const std::vector<std::vector<std::string>> parts = genes_of_perturbations(data_);
  const auto is_seen = [&](const std::string& gene) {
    for (std::size_t p = 1; p < parts.size(); ++p) {
      if (centroids_.cells[p] > 0 && parts[p] == std::vector<std::string>{gene}) return true;
    }
    return false;
  };
  std::map<std::string, std::vector<std::size_t>> rows;
  for (std::size_t i = 0; i < predictions.set.perturbations.size(); ++i) {
    const std::vector<std::string>& genes = parts[predictions.set.perturbations[i]];
    const auto seen = std::count_if(genes.begin(), genes.end(), is_seen);
    rows[genes.size() < 2 ? "single" : fmt::format("several_seen_{}", seen)].push_back(i);
  }
  for (const auto& [group_name, members] : rows) {
    auto group =
        std::find_if(result_.prediction_groups.begin(), result_.prediction_groups.end(),
                     [&, &wanted_name = group_name](const auto& g) { return g.name == wanted_name; });
    if (group == result_.prediction_groups.end()) {
      group = result_.prediction_groups.insert(group, {group_name, std::ssize(members), {}});
    }
    Metrics metrics;
    for (const auto& [score, values] : judged) {
      std::vector<double> of_group;
      for (const std::size_t i : members) of_group.push_back(values[i]);
      if (const double mean = mean_of_defined(of_group); std::isfinite(mean))
        metrics.emplace_back(score, mean);
    }
    group->predicted.emplace_back(name, std::move(metrics));
  }
}

void Judge::add_prediction_verdicts(const std::string& model, const Predictions& predictions,
                                    const PredictionScores& judged) {
  const std::string held = name_of(predictions.set.held);
  for (const auto& [baseline, reference] : predictions.baselines) {
    PredictionVerdict together{model, baseline, held, 0, true};
    for (const char* score : judged_predictions) {
      const std::vector<double>&mine = values_of(judged, score), &other = values_of(reference, score);
      if (says_nothing(other)) continue;  // the mean of perturbations has no difference to itself
      const std::vector<double> differences = paired_differences(mine, other);
      std::optional<Interval> interval;
      if (std::ssize(differences) >= perturbations_for_interval)
        interval = bootstrap_interval(differences, options_.resamples, seed_);
      const std::size_t before = result_.verdicts.size();
      add_verdict(model, held + "_" + score, baseline, interval,
                  fmt::format("{} perturbations where both are defined", perturbations_for_interval));
      const bool judged_here = result_.verdicts.size() > before;
      together.beats = together.beats && judged_here && result_.verdicts.back().beats;
      together.perturbations = std::max<std::int64_t>(together.perturbations, std::ssize(differences));
    }
    together.beats = together.beats && together.perturbations > 0;
    result_.prediction_verdicts.push_back(together);
  }
}

}  // namespace sparcell
