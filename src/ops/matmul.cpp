#include "sparcell/ops/matmul.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void matmul(Context& context, Transpose transpose_a, Transpose transpose_b, MatrixView<const T> a,
            MatrixView<const T> b, T beta, MatrixView<T> out) {
  const bool ta = transpose_a == Transpose::yes, tb = transpose_b == Transpose::yes;
  const std::int64_t m = ta ? a.cols : a.rows, k = ta ? a.rows : a.cols;
  const std::int64_t k2 = tb ? b.cols : b.rows, n = tb ? b.rows : b.cols;
  require(k == k2 && out.rows == m && out.cols == n, "matmul: {} x {} times {} x {} does not give {} x {}", m,
          k, k2, n, out.rows, out.cols);
  require(beta == T(0) || beta == T(1), "matmul: beta is {}, expected 0 or 1", beta);
  if (m == 0 || n == 0) return;
  require(k > 0, "matmul: the inner dimension is 0 ({} x 0 times 0 x {})", m, n);
  SPARCELL_DISPATCH(matmul, context, transpose_a, transpose_b, a, b, beta, out);
}
SPARCELL_INSTANTIATE(matmul);

}  // namespace sparcell
