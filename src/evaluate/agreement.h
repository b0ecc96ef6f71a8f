// Metrics of one sample of cells against another.
#pragma once

#include <vector>

#include "evaluate/sample.h"

namespace sparcell {

/// 2|mu_X - mu_Y|^2, unbiased: the "energy distance" of squared distances, which sees means only.
double squared_energy_distance(const Matrix<float>& x, const Matrix<float>& y);

/// Least squares of generated on real values, and how well generated = real explains the real ones.
struct Agreement {
  double r2 = 0;     ///< 1 - SS(generated - real) / SS(real - mean); NaN where real is constant
  double slope = 0;  ///< of the least-squares line of generated on real; NaN where real is constant
};
Agreement agreement(std::span<const double> generated, std::span<const double> real);

/// Mean over genes of |zeros of the gene - zeros of real genes of its mean|: the distance of generated genes
/// from the real curve of zeros against means, a line between real genes in the order of their means (of
/// equal means the mean of zeros), level beyond the ends.
double zeros_against_mean_error(const GeneDistribution& generated, const GeneDistribution& real);

/// Pearson's correlation, over the pairs of genes that vary in both samples, of the two correlation matrices;
/// NaN for fewer than three pairs or where one is constant.
double correlation_agreement(const Matrix<float>& generated, const Matrix<float>& real);

/// The area under the ROC curve of a linear discriminant on scores and their squares (both standardized),
/// fitted on the first half of both samples, on their second halves. Needs four cells each.
double two_sample_area(const Matrix<float>& generated, const Matrix<float>& real);

}  // namespace sparcell
