#include "evaluate/prediction.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <set>

#include "core/first_integers.h"
#include "core/guides.h"
#include "evaluate/mean_scores.h"
#include "evaluate/student_t.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr double false_discovery_rate = 0.05;

using Genes = std::span<const std::int32_t>;

std::vector<double> at(Vector values, Genes genes) {
  std::vector<double> taken;
  for (const std::int32_t gene : genes) taken.push_back(values[gene]);
  return taken;
}

/// The genes of largest score, at most `most` and none of score 0; ties in their own order.
std::vector<std::int32_t> largest(const std::vector<double>& scores, std::size_t most) {
  std::vector<std::int32_t> genes;
  for (std::size_t g = 0; g < scores.size(); ++g) {
    if (scores[g] > 0) genes.push_back(static_cast<std::int32_t>(g));
  }
  std::stable_sort(genes.begin(), genes.end(), [&](auto a, auto b) { return scores[a] > scores[b]; });
  genes.resize(std::min(genes.size(), most));
  return genes;
}

/// Benjamini and Hochberg 1995 over all genes; empty where p-values are not defined.
std::vector<bool> significant(const std::vector<double>& p_values) {
  std::vector<std::pair<double, std::size_t>> ordered;
  for (std::size_t g = 0; g < p_values.size(); ++g) {
    if (std::isnan(p_values[g])) return {};
    ordered.emplace_back(p_values[g], g);
  }
  std::sort(ordered.begin(), ordered.end());
  std::size_t found = 0;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const double bound =
        false_discovery_rate * static_cast<double>(i + 1) / static_cast<double>(ordered.size());
    if (ordered[i].first <= bound) found = i + 1;
  }
  std::vector<bool> result(p_values.size(), false);
  for (std::size_t i = 0; i < found; ++i) result[ordered[i].second] = true;
  return result;
}

std::vector<double> ranks(const std::vector<double>& values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) { return values[a] < values[b]; });
  std::vector<double> rank(values.size());
  for (std::size_t i = 0; i < order.size();) {
    std::size_t end = i + 1;
    while (end < order.size() && values[order[end]] == values[order[i]]) ++end;
    for (std::size_t k = i; k < end; ++k) rank[order[k]] = static_cast<double>(i + end - 1) / 2;
    i = end;
  }
  return rank;
}

/// One perturbation's scores, by the names of the metrics.
class PerturbationScores {
 public:
  PerturbationScores(const PredictionSet& set, std::int64_t p, Vector guess, PredictionScores& scores)
      : set_(set), p_(p), guess_(guess), real_(row_of(set.real, p)), scores_(scores) {}

  void add() {
    const std::vector<std::int32_t> all = first_integers(std::ssize(real_));
    const std::vector<std::int32_t>& different = set_.different[p_];
    add_errors(all, "");
    const auto controlled = [&](auto&& measure) {
      return set_.control.empty() ? nan : measure(change(guess_, set_.control), change(real_, set_.control));
    };
    put("delta_cosine", controlled(cosine));
    put("delta_sign_accuracy", controlled(sign_accuracy));
    add_errors(set_.expressed, "_expressed");
    add_errors(Genes(different).first(std::min(different.size(), PredictionSet::fewer_genes)), "_de20");
    add_errors(different, "_de50");
    add_recovery(different);
  }

 private:
  void put(const std::string& name, double value) {
    auto found = std::find_if(scores_.begin(), scores_.end(), [&](const auto& s) { return s.first == name; });
    if (found == scores_.end()) found = scores_.insert(scores_.end(), {name, {}});
    found->second.push_back(value);
  }

  void add_errors(Genes genes, const std::string& behind) {
    const std::vector<double> guess = at(guess_, genes), real = at(real_, genes);
    double squares = 0, absolute = 0;
    for (std::size_t g = 0; g < real.size(); ++g) {
      squares += (guess[g] - real[g]) * (guess[g] - real[g]);
      absolute += std::abs(guess[g] - real[g]);
    }
    const auto count = static_cast<double>(real.size());
    put("mse" + behind, count > 0 ? squares / count : nan);
    put("mae" + behind, count > 0 ? absolute / count : nan);
    put("l2" + behind, count > 0 ? std::sqrt(squares) : nan);
    const auto correlation = [&](const std::vector<double>& reference) {
      if (reference.empty() || genes.empty()) return nan;
      const std::vector<double> to = at(reference, genes);
      return pearson(change(guess, to), change(real, to));
    };
    put("delta_pearson" + behind, correlation(set_.control));
    put("centroid_pearson" + behind, correlation(set_.centroid));
  }

  /// How well the prediction finds the genes that differ most from controls.
  void add_recovery(Genes different) {
    if (set_.control.empty() || different.empty()) {
      for (const char* name : {"de_overlap", "de_precision", "de_spearman", "de_direction"}) put(name, nan);
      return;
    }
    const std::vector<double> guess = change(guess_, set_.control), real = change(real_, set_.control);
    std::vector<double> sizes;
    for (const double difference : guess) sizes.push_back(std::abs(difference));
    const bool tested = !set_.significant[p_].empty();
    double shared = 0, significant_ones = 0, same_side = 0;
    const std::vector<std::int32_t> predicted = largest(sizes, different.size());
    for (const std::int32_t gene : predicted) {
      shared += std::find(different.begin(), different.end(), gene) != different.end() ? 1 : 0;
      significant_ones += tested && set_.significant[p_][gene] ? 1 : 0;
    }
    for (const std::int32_t gene : different) same_side += guess[gene] * real[gene] > 0 ? 1 : 0;
    put("de_overlap", shared / static_cast<double>(different.size()));
    put("de_precision",
        predicted.empty() || !tested ? nan : significant_ones / static_cast<double>(predicted.size()));
    put("de_spearman", pearson(ranks(at(guess, different)), ranks(at(real, different))));
    put("de_direction", same_side / static_cast<double>(different.size()));
  }

  const PredictionSet& set_;
  std::int64_t p_;
  Vector guess_, real_;
  PredictionScores& scores_;
};

double absolute_distance(Vector a, Vector b) {
  double sum = 0;
  for (std::size_t g = 0; g < a.size(); ++g) sum += std::abs(a[g] - b[g]);
  return sum;
}

/// Share of the other perturbations whose real mean is farther in absolute differences.
double discrimination(const PredictionSet& set, std::int64_t p, Vector guess) {
  if (set.real.rows < 2) return nan;
  const double own = absolute_distance(guess, row_of(set.real, p));
  double farther = 0;
  for (std::int64_t q = 0; q < set.real.rows; ++q)
    farther += q != p && absolute_distance(guess, row_of(set.real, q)) > own ? 1 : 0;
  return farther / static_cast<double>(set.real.rows - 1);
}

}  // namespace

WelchTest welch_test(const CellMoments& a, std::int64_t p, const CellMoments& controls) {
  const auto n = static_cast<double>(a.centroids.cells[p]),
             m = static_cast<double>(controls.centroids.cells[0]);
  WelchTest test;
  for (std::int64_t g = 0; g < a.centroids.means.cols; ++g) {
    const double difference = a.centroids.means(p, g) - controls.centroids.means(0, g);
    const double of_a = a.variances(p, g) / n, of_controls = controls.variances(0, g) / m;
    const double square = of_a + of_controls;
    const double t = difference == 0 ? 0 : std::abs(difference) / std::max(std::sqrt(square), 1e-12);
    test.t.push_back(t);
    if (n < 2 || m < 2) {
      test.p_values.push_back(nan);
    } else if (difference == 0 || square == 0) {
      test.p_values.push_back(difference == 0 ? 1 : 0);
    } else {
      const double degrees = square * square / (of_a * of_a / (n - 1) + of_controls * of_controls / (m - 1));
      test.p_values.push_back(student_t_p_value(t, degrees));
    }
  }
  return test;
}

CellMoments cell_moments(const Dataset& data, std::span<const std::int32_t> cells) {
  CellMoments moments{training_centroids(data, cells), {}};
  const Matrix<double>& means = moments.centroids.means;
  moments.variances = Matrix<double>(means.rows, means.cols);
  Matrix<double> seen(means.rows, means.cols);  // cells with a value that is there
  for (const std::int32_t cell : cells) {
    const std::int32_t p = data.perturbations.of_cell[cell];
    if (p < 0) continue;
    for (std::int64_t k = data.x.offsets[cell]; k < data.x.offsets[cell + 1]; ++k) {
      const std::int32_t g = data.x.indices[k];
      const double difference = data.x.values[k] - means(p, g);
      moments.variances(p, g) += difference * difference;
      ++seen(p, g);
    }
  }
  for (std::int64_t p = 0; p < means.rows; ++p) {
    const auto n = static_cast<double>(moments.centroids.cells[p]);
    for (std::int64_t g = 0; g < means.cols; ++g) {
      const double of_zeros = (n - seen(p, g)) * means(p, g) * means(p, g);
      moments.variances(p, g) = n > 1 ? (moments.variances(p, g) + of_zeros) / (n - 1) : 0;
    }
  }
  return moments;
}

PredictionSet prediction_set(const Dataset& data, const CellMoments& train, const CellMoments& test,
                             Held held) {
  PredictionSet set;
  set.held = held;
  set.real.cols = data.gene_count();
  set.centroid = mean_centroid(train.centroids);
  const std::vector<std::vector<std::string>> genes = genes_of_perturbations(data);
  std::set<std::vector<std::string>> seen_genes;
  for (std::size_t p = 1; p < genes.size(); ++p) {
    if (train.centroids.cells[p] > 0) seen_genes.insert(genes[p]);
  }
  const bool controlled = train.centroids.cells[0] > 0;
  if (controlled) {
    const Vector control = row_of(train.centroids.means, 0);
    set.control.assign(control.begin(), control.end());
    set.expressed = largest(set.control, PredictionSet::most_expressed);
  }
  for (std::size_t p = 1; p < test.centroids.cells.size(); ++p) {
    const bool seen = train.centroids.cells[p] > 0;
    if (test.centroids.cells[p] == 0 || seen != (held == Held::seen)) continue;
    if (!seen && seen_genes.contains(genes[p])) continue;  // by another guide
    const auto row = static_cast<std::int64_t>(p);
    set.perturbations.push_back(static_cast<std::int32_t>(p));
    const Vector mean = row_of(test.centroids.means, row);
    set.real.values.insert(set.real.values.end(), mean.begin(), mean.end());
    WelchTest against_controls;
    if (controlled) against_controls = welch_test(seen ? train : test, row, train);
    set.different.push_back(largest(against_controls.t, PredictionSet::most_genes));
    set.significant.push_back(significant(against_controls.p_values));
  }
  set.real.rows = std::ssize(set.perturbations);
  return set;
}

PredictionScores judge_predictions(Context& context, const PredictionSet& set,
                                   const Matrix<double>& predicted) {
  PredictionScores scores;
  const Matrix<double> apart = distances(context, predicted, set.real);
  std::vector<double> accuracy, discriminated;
  for (std::int64_t p = 0; p < predicted.rows; ++p) {
    const Vector guess = row_of(predicted, p);
    PerturbationScores(set, p, guess, scores).add();
    const bool says =
        std::none_of(guess.begin(), guess.end(), [](double value) { return std::isnan(value); });
    accuracy.push_back(says ? accuracy_in(apart, p) : nan);
    discriminated.push_back(says ? discrimination(set, p, guess) : nan);
    if (says) continue;
    for (auto& [name, values] : scores) values.back() = nan;
  }
  if (predicted.rows == 0) return {};
  scores.emplace_back("centroid_accuracy", std::move(accuracy));
  scores.emplace_back("discrimination", std::move(discriminated));
  return scores;
}

}  // namespace sparcell
