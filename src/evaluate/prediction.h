// Predicted means of perturbations against those of test cells.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "evaluate/generation_baselines.h"
#include "sparcell/core/context.h"
#include "sparcell/evaluate.h"

namespace sparcell {

/// Whether a perturbation's training cells were seen: with them its test cells are held-out cells, without
/// them it is a held-out perturbation. They are reported apart; one of whose genes other guides have training
/// cells is neither.
enum class Held { seen, unseen };
template <>
struct Names<Held> {
  static constexpr std::string_view values[] = {"seen", "unseen"};
};

/// Moments of the cells of every perturbation (row 0 the control): Centroids with variances (divisor n - 1).
struct CellMoments {
  Centroids centroids;
  Matrix<double> variances;
};
CellMoments cell_moments(const Dataset& data, std::span<const std::int32_t> cells);

/// Welch's test of every gene: `t` is |t|, 0 where the means are equal and with a single cell as one without
/// variance; `p_values` are two-sided, of Student's t with the degrees of freedom of Welch and Satterthwaite,
/// NaN where either side has less than two cells, and 0 where both are constant and differ.
struct WelchTest {
  std::vector<double> t, p_values;
};
WelchTest welch_test(const CellMoments& cells, std::int64_t perturbation, const CellMoments& controls);

/// The perturbations of one kind among those of the test cells, their real means, and the genes that they are
/// judged on.
struct PredictionSet {
  Held held = Held::seen;
  std::vector<std::int32_t> perturbations;  ///< indices of the data's names
  Matrix<double> real;                      ///< perturbations x genes
  std::vector<double> control, centroid;    ///< means of training cells; empty where there are none
  std::vector<std::int32_t> expressed;      ///< the genes of largest mean in training controls
  /// Of each perturbation the genes that differ from training controls, by falling |t| (Welch), at most
  /// most_genes; of a seen one by its training cells, of an unseen one by its test cells, the only ones there
  /// are.
  std::vector<std::vector<std::int32_t>> different;
  /// Of each perturbation and gene: whether it differs by the same cells at a false discovery rate of 5 %
  /// (Benjamini and Hochberg). Of a perturbation of a single cell, or beside a single control, empty.
  std::vector<std::vector<bool>> significant;

  static constexpr std::size_t most_expressed = 1000, most_genes = 50, fewer_genes = 20;
};

/// Of test cells with perturbations; empty sets where there are none.
PredictionSet prediction_set(const Dataset& data, const CellMoments& train, const CellMoments& test,
                             Held held);

/// A value of each perturbation of the set, NaN where not defined, by the metric's name without `seen_` or
/// `unseen_`.
using PredictionScores = std::vector<std::pair<std::string, std::vector<double>>>;

/// `predicted` has the rows of `set.real`; a row of NaN predicts nothing.
PredictionScores judge_predictions(Context& context, const PredictionSet& set,
                                   const Matrix<double>& predicted);

/// The rows of the metric table.
std::vector<MetricInfo> prediction_metrics();

/// What needs no network, a row for each perturbation of the set; NaN where it says nothing:
/// `control_mean`, no change; `centroid_mean`, the mean of the perturbations' training means;
/// `training_mean`, the perturbation's own, of seen ones; `additive`, of perturbations of several genes: the
/// control plus, for each of them, the difference of the training cells in which that gene alone is
/// perturbed, by whichever guides; where there are none the mean difference of such genes.
std::vector<std::pair<std::string, Matrix<double>>> prediction_baselines(const Dataset& data,
                                                                         const PredictionSet& set,
                                                                         const Centroids& train);

}  // namespace sparcell
