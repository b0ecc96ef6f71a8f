#include "sparcell/ops/gather.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void gather_dense(Context& context, CsrView<const T> x, BatchRows rows, std::span<const T> mean,
                  std::span<const T> inverse_scale, MatrixView<T> out) {
  require(out.rows == rows.count && out.cols == x.cols, "gather_dense: out is {} x {}, expected {} x {}",
          out.rows, out.cols, rows.count, x.cols);
  require(mean.size() == inverse_scale.size() &&
              (mean.empty() || static_cast<std::int64_t>(mean.size()) == x.cols),
          "gather_dense: {} means and {} scales for {} columns", mean.size(), inverse_scale.size(), x.cols);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(gather_dense, context, x, rows, mean, inverse_scale, out);
}
SPARCELL_INSTANTIATE(gather_dense);

}  // namespace sparcell
