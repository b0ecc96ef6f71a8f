// Small symmetric positive definite systems.
#pragma once

#include <cstdint>
#include <span>

#include "sparcell/core/matrix.h"

namespace sparcell {

/// Turns a symmetric positive definite matrix, given by its lower triangle, into its Cholesky factor L there.
void factorize(Matrix<double>& a);

/// Solves L L^T x = b in place.
void solve(const Matrix<double>& factor, std::span<double> b);

}  // namespace sparcell
