// The linear model of perturbations: what a prediction from the label alone is held against.
#pragma once

#include "evaluate/generation_baselines.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Means of perturbed cells from the perturbed genes: Y - b = G K P^T (Ahlmann-Eltze, Huber and Anders 2025,
/// "Deep-learning-based gene perturbation effect prediction does not yet outperform simple linear
/// baselines"). Y are the training means of perturbations, b is their mean, G the genes' loadings on the
/// first 10 principal components of the training cells (eigenvectors times standard deviations), a row of P
/// the sum of the rows of G of the perturbed genes, by whichever guides, and K minimises |Y - b - G K P^T|^2
/// with a ridge of 0.1 on both sides.
struct LinearModel {
  static constexpr std::int64_t components = 10;
  static constexpr double ridge = 0.1;

  /// Row p is the mean of perturbation p: of the control the training mean, of a perturbation with a gene
  /// that is not among the selected ones b.
  Matrix<float> means;
  std::int64_t fitted = 0;  ///< perturbations with training cells whose genes are all selected
};

/// `centroids` are of the training cells, `pca` too. Without `fitted` perturbations all predictions are b.
LinearModel fit_linear_model(const Dataset& data, const Centroids& centroids, const PrincipalComponents& pca);

}  // namespace sparcell
