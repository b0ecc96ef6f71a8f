#include "evaluate/latent.h"

#include <algorithm>
#include <limits>

#include "evaluate/averages.h"
#include "evaluate/blocks.h"
#include "evaluate/discriminant.h"
#include "sparcell/ops/neighbors.h"
#include "sparcell/ops/pairwise.h"

namespace sparcell {
namespace {

constexpr std::int64_t purity_neighbors = 15;
constexpr std::int64_t clusterings = 3;  // starts of k-means; the one of smallest inertia counts

/// The label of every cell in `cells`, in the numbers that `number` gives to perturbations.
std::vector<std::int32_t> labels_of(const Dataset& data, std::span<const std::int32_t> cells,
                                    std::span<const std::int32_t> number) {
  std::vector<std::int32_t> labels;
  for (std::int32_t cell : cells) labels.push_back(number[data.perturbations.of_cell[cell]]);
  return labels;
}

std::vector<std::int64_t> offsets_of(std::span<const std::int32_t> ordered_labels, std::int64_t count) {
  std::vector<std::int64_t> offsets(static_cast<std::size_t>(count + 1));
  for (std::int32_t label : ordered_labels) ++offsets[label + 1];
  for (std::size_t k = 1; k < offsets.size(); ++k) offsets[k] += offsets[k - 1];
  return offsets;
}

/// The share of every cell's nearest neighbours that have its label.
std::vector<double> purities(Context& context, MatrixView<const float> x,
                             std::span<const std::int32_t> labels) {
  const std::int64_t k = std::min(purity_neighbors, x.rows - 1);
  const DeviceMatrix<float> distances(context, x.rows, k);
  const DeviceMatrix<std::int32_t> indices(context, x.rows, k);
  nearest_neighbors<float>(context, x, x, true, distances.view(), indices.view());
  const Matrix<std::int32_t> neighbors = indices.to_host();
  std::vector<double> shares;
  for (std::int64_t i = 0; i < x.rows; ++i) {
    double same = 0;
    for (std::int64_t j = 0; j < k; ++j) same += labels[neighbors(i, j)] == labels[i] ? 1 : 0;
    shares.push_back(same / static_cast<double>(k));
  }
  return shares;
}

Matrix<double> as_double(const Matrix<float>& x) {
  Matrix<double> wide(x.rows, x.cols);
  std::copy(x.values.begin(), x.values.end(), wide.values.begin());
  return wide;
}

std::vector<double> correct_predictions(const LabelledCells& cells, const Matrix<float>& train,
                                        const Matrix<float>& test) {
  const LinearDiscriminant classifier(as_double(train), cells.train_labels, cells.labels());
  const Matrix<double> features = as_double(test);
  std::vector<double> correct;
  for (std::int64_t i = 0; i < features.rows; ++i) {
    const auto row = std::span<const double>(features.values).subspan(i * features.cols, features.cols);
    correct.push_back(classifier.predict(row) == cells.test_labels[i] ? 1 : 0);
  }
  return correct;
}

Clustering best_clustering(Context& context, const Matrix<float>& x, std::int64_t count, std::uint64_t seed) {
  Clustering best;
  for (std::int64_t draw = 0; draw < clusterings; ++draw) {
    Clustering clustering = k_means(context, x, plus_plus_centers(x, count, seed, draw));
    if (draw == 0 || clustering.inertia < best.inertia) best = std::move(clustering);
  }
  return best;
}

}  // namespace

LabelledCells labelled_cells(const Dataset& data, const Split& split) {
  LabelledCells result;
  if (!data.perturbations.known()) return result;
  const std::size_t count = data.perturbations.names.size();
  const auto counts = [&](std::span<const std::int32_t> cells) {
    std::vector<std::int64_t> numbers(count);
    for (std::int32_t cell : cells) {
      if (data.perturbations.of_cell[cell] >= 0) ++numbers[data.perturbations.of_cell[cell]];
    }
    return numbers;
  };
  const std::vector<std::int64_t> of_train = counts(split.train), of_test = counts(split.test);
  std::vector<std::int32_t> number(count, -1);
  for (std::size_t p = 0; p < count; ++p) {
    if (of_train[p] == 0 || of_test[p] == 0) continue;
    number[p] = static_cast<std::int32_t>(result.labels());
    result.perturbations.push_back(static_cast<std::int32_t>(p));
  }
  const auto taken = [&](std::span<const std::int32_t> cells) {
    std::vector<std::int32_t> kept;
    for (std::int32_t cell : cells) {
      const std::int32_t p = data.perturbations.of_cell[cell];
      if (p >= 0 && number[p] >= 0) kept.push_back(cell);
    }
    return kept;
  };
  result.train = taken(split.train);
  result.test = taken(split.test);
  std::stable_sort(result.test.begin(), result.test.end(), [&](std::int32_t a, std::int32_t b) {
    return data.perturbations.of_cell[a] < data.perturbations.of_cell[b];
  });
  result.train_labels = labels_of(data, result.train, number);
  result.test_labels = labels_of(data, result.test, number);
  return result;
}

std::vector<double> silhouettes(Context& context, MatrixView<const float> x,
                                std::span<const std::int64_t> offsets) {
  const auto labels = static_cast<std::int64_t>(offsets.size()) - 1;
  std::vector<double> result;
  for_each_block(0, x.rows, [&](std::int64_t first, std::int64_t count) {
    std::vector<std::int64_t> alone;  // every cell is a group
    for (std::int64_t i = 0; i <= count; ++i) alone.push_back(i);
    const DeviceMatrix<double> on_device(context, count, labels);
    pairwise_distance_sums<float>(context, x.slice_rows(first, count), x, alone, offsets, on_device.view());
    const Matrix<double> sums = on_device.to_host();
    for (std::int64_t i = 0; i < count; ++i) {
      double within = 0, nearest = std::numeric_limits<double>::infinity();
      bool single = false;
      for (std::int64_t k = 0; k < labels; ++k) {
        const auto size = static_cast<double>(offsets[k + 1] - offsets[k]);
        const bool own = offsets[k] <= first + i && first + i < offsets[k + 1];
        if (own) {
          single = size == 1;
          within = sums(i, k) / std::max(1.0, size - 1);
        } else {
          nearest = std::min(nearest, sums(i, k) / size);
        }
      }
      const double larger = std::max(within, nearest);
      result.push_back(single || larger == 0 ? 0 : (nearest - within) / larger);
    }
  });
  return result;
}

LatentScores judge_latent(Context& context, const LabelledCells& cells, const Encode& encode,
                          const WantedMetrics& wanted, std::uint64_t seed) {
  LatentScores scores;
  const Matrix<float> test = encode(cells.test);
  const DeviceMatrix<float> on_device(context, test);
  if (wanted.has("silhouette")) {
    scores.silhouettes =
        silhouettes(context, on_device.view(), offsets_of(cells.test_labels, cells.labels()));
    scores.values.emplace_back("silhouette", (mean_of(scores.silhouettes) + 1) / 2);
  }
  if (wanted.any_of({"kmeans_nmi", "kmeans_ari"}) && cells.labels() <= test.rows) {
    const Clustering clustering = best_clustering(context, test, cells.labels(), seed);
    scores.values.emplace_back("kmeans_nmi",
                               normalized_mutual_information(clustering.clusters, cells.test_labels));
    scores.values.emplace_back("kmeans_ari", adjusted_rand_index(clustering.clusters, cells.test_labels));
  }
  if (wanted.has("knn_purity") && test.rows > 1) {
    scores.purities = purities(context, on_device.view(), cells.test_labels);
    scores.values.emplace_back("knn_purity", mean_of(scores.purities));
  }
  if (wanted.has("linear_accuracy")) {
    scores.correct = correct_predictions(cells, encode(cells.train), test);
    scores.values.emplace_back("linear_accuracy", mean_of(scores.correct));
  }
  return scores;
}

}  // namespace sparcell
