#include "sparcell/ops/eigen.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void top_eigenpairs(Context& context, MatrixView<T> symmetric, std::span<T> values, MatrixView<T> vectors) {
  const std::int64_t n = symmetric.rows;
  const auto k = static_cast<std::int64_t>(values.size());
  require(symmetric.cols == n && symmetric.contiguous(),
          "top_eigenpairs: a {} x {} matrix of stride {} is not square and contiguous", n, symmetric.cols,
          symmetric.stride);
  require(k >= 1 && k <= n, "top_eigenpairs: {} eigenvalues of a {} x {} matrix", k, n, n);
  require(vectors.rows == k && vectors.cols == n && vectors.contiguous(),
          "top_eigenpairs: vectors is {} x {} of stride {}, expected {} x {}", vectors.rows, vectors.cols,
          vectors.stride, k, n);
  SPARCELL_DISPATCH_BOTH_SCALARS(top_eigenpairs, context, symmetric, values, vectors);
}
SPARCELL_INSTANTIATE(top_eigenpairs);

}  // namespace sparcell
