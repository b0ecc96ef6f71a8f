// Predictions of perturbations that need no network.
#include <algorithm>
#include <limits>
#include <map>

#include "core/guides.h"
#include "evaluate/mean_scores.h"
#include "evaluate/prediction.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

/// Of every gene that training cells have perturbed alone, by whichever of its guides, the mean of those
/// cells minus that of the controls; of none where there are no controls.
std::map<std::string, std::vector<double>> changes_of_single_genes(
    const std::vector<std::vector<std::string>>& perturbed, const Centroids& train) {
  std::map<std::string, std::vector<double>> changes;
  if (train.cells[0] == 0) return changes;
  std::map<std::string, double> cells;
  for (std::size_t p = 1; p < perturbed.size(); ++p) {
    if (train.cells[p] > 0 && perturbed[p].size() == 1)
      cells[perturbed[p][0]] += static_cast<double>(train.cells[p]);
  }
  for (std::size_t p = 1; p < perturbed.size(); ++p) {
    if (train.cells[p] == 0 || perturbed[p].size() != 1) continue;
    const std::string& gene = perturbed[p][0];
    std::vector<double>& of_gene = changes[gene];
    of_gene.resize(static_cast<std::size_t>(train.means.cols));
    const double weight = static_cast<double>(train.cells[p]) / cells[gene];
    for (std::int64_t g = 0; g < train.means.cols; ++g)
      of_gene[g] += weight * (train.means(static_cast<std::int64_t>(p), g) - train.means(0, g));
  }
  return changes;
}

}  // namespace

std::vector<std::pair<std::string, Matrix<double>>> prediction_baselines(const Dataset& data,
                                                                         const PredictionSet& set,
                                                                         const Centroids& train) {
  const std::int64_t rows = set.real.rows, genes = set.real.cols;
  std::vector<std::pair<std::string, Matrix<double>>> baselines;
  const auto add = [&](const char* name, auto&& fill) {
    Matrix<double> means(rows, genes, nan);
    bool any = false;
    for (std::int64_t r = 0; r < rows; ++r) any = fill(set.perturbations[r], means.view().row(r)) || any;
    if (any) baselines.emplace_back(name, std::move(means));
  };
  const auto copy = [&](Vector from, double* row) {
    std::copy(from.begin(), from.end(), row);
    return !from.empty();
  };
  add("control_mean", [&](std::int32_t, double* row) { return copy(set.control, row); });
  add("centroid_mean", [&](std::int32_t, double* row) { return copy(set.centroid, row); });
  add("training_mean",
      [&](std::int32_t p, double* row) { return train.cells[p] > 0 && copy(row_of(train.means, p), row); });

  const std::vector<std::vector<std::string>> perturbed = genes_of_perturbations(data);
  const std::map<std::string, std::vector<double>> of_single = changes_of_single_genes(perturbed, train);
  std::vector<double> of_singles(static_cast<std::size_t>(genes));  // their mean
  for (const auto& [gene, changes] : of_single) {
    for (std::int64_t g = 0; g < genes; ++g)
      of_singles[g] += changes[g] / static_cast<double>(of_single.size());
  }
  add("additive", [&](std::int32_t p, double* row) {
    if (of_single.empty() || perturbed[p].size() < 2) return false;
    std::copy(set.control.begin(), set.control.end(), row);
    for (const std::string& gene : perturbed[p]) {
      const auto found = of_single.find(gene);
      const std::vector<double>& changes = found == of_single.end() ? of_singles : found->second;
      for (std::int64_t g = 0; g < genes; ++g) row[g] += changes[g];
    }
    return true;
  });
  return baselines;
}

}  // namespace sparcell
