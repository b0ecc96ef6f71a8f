// Linear discriminant analysis: the classifier of two-sample tests and of perturbations.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "sparcell/core/matrix.h"

namespace sparcell {

/// Gaussian classes of one covariance (Hastie, Tibshirani and Friedman 2009, section 4.3), shrunk towards a
/// multiple of the identity: scikit-learn's LinearDiscriminantAnalysis(solver="lsqr", shrinkage=...). It has
/// a closed form, so that its answer depends on no start and no learning rate.
class LinearDiscriminant {
 public:
  static constexpr double shrinkage = 1e-3;

  /// `classes[i]` in [0, count) is the class of row i; every class has a row. Features that are all constant
  /// leave every class as likely as its share.
  LinearDiscriminant(const Matrix<double>& features, std::span<const std::int32_t> classes,
                     std::int64_t count);

  /// The log-odds of every class (up to a constant) for one row.
  std::vector<double> scores(std::span<const double> features) const;
  std::int32_t predict(std::span<const double> features) const;

 private:
  Matrix<double> coefficients_;  ///< classes x features
  std::vector<double> intercepts_;
};

/// The area under the ROC curve: the chance that a value of `positive` is above one of `negative`, ties half
/// (Mann and Whitney 1947).
double roc_area(std::span<const double> positive, std::span<const double> negative);

}  // namespace sparcell
