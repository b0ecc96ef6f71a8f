// Predicted means of perturbations by two models that are equally good: each verdict, and all three together.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "coverage.h"
#include "evaluate/averages.h"
#include "evaluate/prediction.h"

namespace sparcell::coverage {
namespace {

constexpr std::int64_t genes = 200;
constexpr const char* scores[] = {"l2", "centroid_pearson", "centroid_accuracy"};

/// Effects of few genes whose sizes differ by an order of magnitude between perturbations, means of 20 to 200
/// test cells, and predictions that shrink effects and add errors of their own.
std::vector<Interval> intervals(std::int64_t perturbations, Generator& generator) {
  std::normal_distribution<double> normal;
  std::lognormal_distribution<double> size(-1, 0.8);
  std::uniform_real_distribution<double> share(0.05, 0.3), cells(20, 200);
  PredictionSet set;
  set.real = Matrix<double>(perturbations, genes);
  set.control.assign(genes, 0.5);
  set.centroid.assign(genes, 0.5);
  Matrix<double> guesses[] = {Matrix<double>(perturbations, genes), Matrix<double>(perturbations, genes)};
  for (std::int64_t p = 0; p < perturbations; ++p) {
    set.perturbations.push_back(static_cast<std::int32_t>(p + 1));
    set.different.emplace_back();
    set.significant.emplace_back();
    const double of_genes = share(generator), strength = size(generator),
                 noise = 0.7 / std::sqrt(cells(generator));
    for (std::int64_t g = 0; g < genes; ++g) {
      const bool changes = std::bernoulli_distribution(of_genes)(generator);
      const double effect = changes ? strength * normal(generator) : 0;
      set.real(p, g) = 0.5 + effect + noise * normal(generator);
      for (Matrix<double>& guess : guesses)
        guess(p, g) = 0.5 + 0.3 * effect + 0.1 * strength * normal(generator);
    }
  }
  Context context({}, 1);
  const PredictionScores of[] = {judge_predictions(context, set, guesses[0]),
                                 judge_predictions(context, set, guesses[1])};
  std::vector<Interval> result;
  for (const char* score : scores) {
    const auto values = [&](const PredictionScores& all) {
      return std::find_if(all.begin(), all.end(), [&](const auto& s) { return s.first == score; })->second;
    };
    result.push_back(bootstrap_interval(paired_differences(values(of[0]), values(of[1])), 500, 1));
  }
  return result;
}

}  // namespace

void predictions(std::int64_t sets) {
  for (const std::int64_t perturbations : {8, 12, 20, 30}) {
    const std::string size = fmt::format("{} perturbations", perturbations);
    for (int which = 0; which < 3; ++which) {
      Generator generator(8);
      covered("mean over perturbations", fmt::format("{} of two equal models", scores[which]), size, sets, 0,
              [&](std::int64_t) { return intervals(perturbations, generator)[which]; });
    }
    Generator generator(8);
    covered("mean over perturbations", "all three say that the first is better", size, sets, 0,
            [&](std::int64_t) {
              const auto all = intervals(perturbations, generator);
              const bool beats = all[0].high < 0 && all[1].low > 0 && all[2].low > 0;
              return beats ? Interval{1, 1, 1} : Interval{0, 0, 0};
            });
  }
}

}  // namespace sparcell::coverage
