// Eigenvectors of symmetric matrices: the libraries' business (LAPACK on the CPU).
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// The largest eigenvalues, in falling order, and their eigenvectors, the rows of `vectors`, orthonormal. A
/// vector's sign is such that its element of largest magnitude (the first of equals) is positive, so that
/// results do not depend on the solver. `symmetric` is given by its upper triangle (row <= column) and
/// destroyed; the work space beside it is 33 rows or, for few pairs of a large matrix, two thirds of its
/// size. Requires: symmetric is n x n and contiguous, values has k elements, 1 <= k <= n, vectors is k x n
/// and contiguous. Throws NumericalError where the solver does not converge (values that are not finite).
SPARCELL_OP(top_eigenpairs,
            (Context & context, MatrixView<T> symmetric, std::span<T> values, MatrixView<T> vectors))

}  // namespace sparcell
