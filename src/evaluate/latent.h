// What a latent space says about perturbations.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "evaluate/registry.h"
#include "evaluate/verdict.h"
#include "sparcell/core/dataset.h"
#include "sparcell/split.h"

namespace sparcell {

/// The latent values of the given cells, cells x dimensions.
using Encode = std::function<Matrix<float>(std::span<const std::int32_t> cells)>;

/// The cells that latent spaces are judged on: those with a label, of labels that both training and test
/// cells have. Labels are numbered again.
struct LabelledCells {
  std::vector<std::int32_t> train, test;                ///< rows of the data; test cells label by label
  std::vector<std::int32_t> train_labels, test_labels;  ///< of each
  std::vector<std::int32_t> perturbations;              ///< of each label: index into the data's names

  std::int64_t labels() const { return static_cast<std::int64_t>(perturbations.size()); }
};
LabelledCells labelled_cells(const Dataset& data, const Split& split);

struct LatentScores {
  Metrics values;                   ///< NaN where not defined
  std::vector<double> silhouettes;  ///< of every test cell
  std::vector<double> purities;
  std::vector<double> correct;  ///< 1 where the linear classifier is right
};

/// Needs two labels.
LatentScores judge_latent(Context& context, const LabelledCells& cells, const Encode& encode,
                          const WantedMetrics& wanted, std::uint64_t seed);

/// The silhouette of every cell (Rousseeuw 1987), Euclidean; 0 for a cell that is alone in its label. `x` is
/// ordered by label; `offsets` are the labels' offsets.
std::vector<double> silhouettes(Context& context, MatrixView<const float> x,
                                std::span<const std::int64_t> offsets);

/// Lloyd's iterations from the given centres until no cell changes its cluster, at most 300; an empty cluster
/// keeps its centre.
struct Clustering {
  std::vector<std::int32_t> clusters;  ///< of each cell
  Matrix<float> centers;
  double inertia = 0;  ///< sum of squared distances to the own centre
};
Clustering k_means(Context& context, const Matrix<float>& x, Matrix<float> centers);

/// Centres drawn by k-means++ (Arthur and Vassilvitskii 2007).
Matrix<float> plus_plus_centers(const Matrix<float>& x, std::int64_t count, std::uint64_t seed,
                                std::int64_t draw);

/// Normalized mutual information by the arithmetic mean of entropies, and the adjusted Rand index (Hubert and
/// Arabie 1985), as scikit-learn has them.
double normalized_mutual_information(std::span<const std::int32_t> a, std::span<const std::int32_t> b);
double adjusted_rand_index(std::span<const std::int32_t> a, std::span<const std::int32_t> b);

}  // namespace sparcell
