// How a predicted mean over genes lies to a real one.
#pragma once

#include <span>
#include <vector>

#include "sparcell/core/context.h"
#include "sparcell/core/matrix.h"

namespace sparcell {

using Vector = std::span<const double>;

Vector row_of(const Matrix<double>& matrix, std::int64_t row);

/// mean - reference, where differences that f32 cannot tell from 0 beside their parts are 0: a mean minus
/// itself has no direction.
std::vector<double> change(Vector mean, Vector reference);

/// NaN where one of them is 0.
double cosine(Vector a, Vector b);
/// NaN where one of them does not vary.
double pearson(Vector a, Vector b);
/// The share of the elements of b that are not 0 on whose side of 0 that of a is; NaN where all are 0.
double sign_accuracy(Vector a, Vector b);

/// Euclidean distances of predictions (rows) and real means (columns), as many.
Matrix<double> distances(Context& context, const Matrix<double>& predicted, const Matrix<double>& real);
/// The share of the other real means that are farther from prediction p than its own; NaN where there are
/// none.
double accuracy_in(const Matrix<double>& distances, std::int64_t p);

}  // namespace sparcell
