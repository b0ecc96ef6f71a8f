// Means over the cells of a perturbation, reconstructed against real.
#pragma once

#include <vector>

#include "evaluate/generation_baselines.h"
#include "sparcell/core/context.h"

namespace sparcell {

/// Real means of the perturbations of the test cells, and what differences are taken to: means of training
/// cells.
struct PerturbationMeans {
  std::vector<std::int32_t> perturbations;  ///< with test cells, without the control: indices of their names
  std::vector<std::int32_t> row;            ///< of every perturbation of the data in `real`, or -1
  std::vector<double> cells;                ///< test cells of each
  Matrix<double> real;                      ///< perturbations x genes
  std::vector<double> control;              ///< mean of the controls; empty where there are none
  std::vector<double> centroid;             ///< mean of the perturbations' means; empty where there are none
};

PerturbationMeans perturbation_means(const Dataset& data, std::span<const std::int32_t> test,
                                     const Centroids& train);

/// Of every perturbation; NaN where not defined. y is the real mean over its test cells, y' the reconstructed
/// one.
struct PseudobulkScores {
  std::vector<double> mse, mae, l2;
  std::vector<double> delta_pearson;      ///< of y' - control and y - control, over genes
  std::vector<double> delta_cosine;       ///< of the same
  std::vector<double> delta_sign;         ///< share of genes, of those that differ from control, on y's side
  std::vector<double> centroid_pearson;   ///< of y' - centroid and y - centroid
  std::vector<double> centroid_accuracy;  ///< share of the other perturbations whose y is farther from y'

  /// The columns with the keys of their metrics.
  std::vector<std::pair<std::string, const std::vector<double>*>> columns() const;
};

/// Sums of reconstructed cells by perturbation.
class PseudobulkSums {
 public:
  PseudobulkSums(Context& context, const Dataset& data, const PerturbationMeans& means)
      : context_(context), data_(data), means_(means), sums_(means.real.rows, means.real.cols) {}

  /// `out` is a block of the device.
  void add(std::span<const std::int32_t> cells, MatrixView<const float> out);
  PseudobulkScores scores();

 private:
  Context& context_;
  const Dataset& data_;
  const PerturbationMeans& means_;
  Matrix<double> sums_;
  std::vector<float> host_;
};

/// Mean of the values that are defined; NaN where none is.
double mean_of_defined(std::span<const double> values);

}  // namespace sparcell
