#include "evaluate/discriminant.h"

#include <algorithm>
#include <cmath>

#include "evaluate/cholesky.h"

namespace sparcell {
namespace {

Matrix<double> class_means(const Matrix<double>& features, std::span<const std::int32_t> classes,
                           std::span<const double> sizes) {
  Matrix<double> means(static_cast<std::int64_t>(sizes.size()), features.cols);
  for (std::int64_t i = 0; i < features.rows; ++i) {
    for (std::int64_t c = 0; c < features.cols; ++c)
      means(classes[i], c) += features(i, c) / sizes[classes[i]];
  }
  return means;
}

/// Lower triangle of the covariance within classes (divisor n), shrunk.
Matrix<double> shrunk_covariance(const Matrix<double>& features, std::span<const std::int32_t> classes,
                                 const Matrix<double>& means, double shrinkage) {
  Matrix<double> covariance(features.cols, features.cols);
  std::vector<double> deviation(static_cast<std::size_t>(features.cols));
  for (std::int64_t i = 0; i < features.rows; ++i) {
    for (std::int64_t c = 0; c < features.cols; ++c) deviation[c] = features(i, c) - means(classes[i], c);
    for (std::int64_t r = 0; r < features.cols; ++r) {
      double* const row = covariance.view().row(r);
      const double scaled = deviation[r] / static_cast<double>(features.rows);
      for (std::int64_t c = 0; c <= r; ++c) row[c] += scaled * deviation[c];
    }
  }
  double trace = 0;
  for (std::int64_t c = 0; c < features.cols; ++c) trace += covariance(c, c);
  for (double& element : covariance.values) element *= 1 - shrinkage;
  for (std::int64_t c = 0; c < features.cols; ++c)
    covariance(c, c) += shrinkage * trace / static_cast<double>(features.cols);
  return covariance;
}

}  // namespace

LinearDiscriminant::LinearDiscriminant(const Matrix<double>& features, std::span<const std::int32_t> classes,
                                       std::int64_t count)
    : intercepts_(static_cast<std::size_t>(count)) {
  std::vector<double> sizes(static_cast<std::size_t>(count));
  for (std::int32_t c : classes) ++sizes[c];
  const Matrix<double> means = class_means(features, classes, sizes);
  Matrix<double> covariance = shrunk_covariance(features, classes, means, shrinkage);
  coefficients_ = Matrix<double>(count, features.cols);
  const bool varies = features.cols > 0 && covariance(0, 0) > 0;
  if (varies) {
    coefficients_ = means;
    factorize(covariance);
  }
  for (std::int64_t k = 0; k < count; ++k) {
    const std::span<double> row(coefficients_.view().row(k), static_cast<std::size_t>(features.cols));
    if (varies) solve(covariance, row);
    intercepts_[k] = std::log(sizes[k] / static_cast<double>(features.rows));
    for (std::int64_t c = 0; c < features.cols; ++c) intercepts_[k] -= 0.5 * means(k, c) * row[c];
  }
}

std::vector<double> LinearDiscriminant::scores(std::span<const double> features) const {
  std::vector<double> result = intercepts_;
  for (std::int64_t k = 0; k < coefficients_.rows; ++k) {
    for (std::int64_t c = 0; c < coefficients_.cols; ++c) result[k] += coefficients_(k, c) * features[c];
  }
  return result;
}

std::int32_t LinearDiscriminant::predict(std::span<const double> features) const {
  const std::vector<double> all = scores(features);
  return static_cast<std::int32_t>(std::max_element(all.begin(), all.end()) - all.begin());
}

double roc_area(std::span<const double> positive, std::span<const double> negative) {
  std::vector<double> sorted(negative.begin(), negative.end());
  std::sort(sorted.begin(), sorted.end());
  double below = 0;
  for (double value : positive) {
    const auto [first, last] = std::equal_range(sorted.begin(), sorted.end(), value);
    below += static_cast<double>(first - sorted.begin()) + 0.5 * static_cast<double>(last - first);
  }
  return below / (static_cast<double>(positive.size()) * static_cast<double>(negative.size()));
}

}  // namespace sparcell
