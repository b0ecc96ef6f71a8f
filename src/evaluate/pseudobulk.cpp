#include "evaluate/pseudobulk.h"

#include <cmath>
#include <limits>

#include "evaluate/blocks.h"
#include "evaluate/mean_scores.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr std::int64_t gene_grain = 256;

}  // namespace

PerturbationMeans perturbation_means(const Dataset& data, std::span<const std::int32_t> test,
                                     const Centroids& train) {
  PerturbationMeans means;
  if (!data.perturbations.known()) return means;
  means.row.assign(data.perturbations.names.size(), -1);
  const Centroids real = training_centroids(data, test);
  for (std::size_t p = 1; p < means.row.size(); ++p) {
    if (real.cells[p] == 0) continue;
    means.row[p] = static_cast<std::int32_t>(means.perturbations.size());
    means.perturbations.push_back(static_cast<std::int32_t>(p));
    means.cells.push_back(static_cast<double>(real.cells[p]));
    const Vector mean = row_of(real.means, static_cast<std::int64_t>(p));
    means.real.values.insert(means.real.values.end(), mean.begin(), mean.end());
  }
  means.real.rows = std::ssize(means.perturbations);
  means.real.cols = data.gene_count();
  if (train.cells[0] > 0) means.control.assign(row_of(train.means, 0).begin(), row_of(train.means, 0).end());
  means.centroid = mean_centroid(train);
  return means;
}

std::vector<std::pair<std::string, const std::vector<double>*>> PseudobulkScores::columns() const {
  return {{"pseudobulk_mse", &mse},
          {"pseudobulk_mae", &mae},
          {"pseudobulk_l2", &l2},
          {"delta_pearson", &delta_pearson},
          {"delta_cosine", &delta_cosine},
          {"delta_sign_accuracy", &delta_sign},
          {"centroid_pearson", &centroid_pearson},
          {"centroid_accuracy", &centroid_accuracy}};
}

void PseudobulkSums::add(std::span<const std::int32_t> cells, MatrixView<const float> out) {
  host_.resize(static_cast<std::size_t>(out.size()));
  context_.memory().copy_to_host(host_.data(), out.data, host_.size() * sizeof(float));
  parallel_parts(context_.threads(), sums_.cols, gene_grain, [&](std::int64_t first, std::int64_t last, int) {
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const std::int32_t perturbation = data_.perturbations.of_cell[cells[i]];
      if (perturbation < 0 || means_.row[perturbation] < 0) continue;
      double* const sum = sums_.view().row(means_.row[perturbation]);
      const float* const row = host_.data() + static_cast<std::int64_t>(i) * sums_.cols;
      for (std::int64_t g = first; g < last; ++g) sum[g] += row[g];
    }
  });
}

PseudobulkScores PseudobulkSums::scores() {
  const std::int64_t count = sums_.rows;
  for (std::int64_t p = 0; p < count; ++p) {
    for (std::int64_t g = 0; g < sums_.cols; ++g) sums_(p, g) /= means_.cells[p];
  }
  const Matrix<double> apart = distances(context_, sums_, means_.real);
  PseudobulkScores scores;
  for (std::int64_t p = 0; p < count; ++p) {
    const Vector guess = row_of(sums_, p), real = row_of(means_.real, p);
    double squares = 0, absolute = 0;
    for (std::size_t g = 0; g < real.size(); ++g) {
      squares += (guess[g] - real[g]) * (guess[g] - real[g]);
      absolute += std::abs(guess[g] - real[g]);
    }
    scores.mse.push_back(squares / static_cast<double>(real.size()));
    scores.mae.push_back(absolute / static_cast<double>(real.size()));
    scores.l2.push_back(std::sqrt(squares));
    const bool controlled = !means_.control.empty(), centered = !means_.centroid.empty();
    const auto of = [&](bool there, const std::vector<double>& reference, auto&& measure) {
      return there ? measure(change(guess, reference), change(real, reference)) : nan;
    };
    scores.delta_pearson.push_back(of(controlled, means_.control, pearson));
    scores.delta_cosine.push_back(of(controlled, means_.control, cosine));
    scores.delta_sign.push_back(of(controlled, means_.control, sign_accuracy));
    scores.centroid_pearson.push_back(of(centered, means_.centroid, pearson));
    scores.centroid_accuracy.push_back(accuracy_in(apart, p));
  }
  return scores;
}

double mean_of_defined(std::span<const double> values) {
  double sum = 0, count = 0;
  for (double value : values) {
    if (std::isnan(value)) continue;
    sum += value;
    ++count;
  }
  return count > 0 ? sum / count : nan;
}

}  // namespace sparcell
