#include "sparcell/ops/mix.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, GeneValues<T> other,
                  double probability, RandomStream shares, RandomStream draws, MatrixView<T> out,
                  std::span<const T> mean, std::span<const T> inverse_scale, MatrixView<T> standardized) {
  require(out.rows == rows.count && out.cols == x.cols, "gather_mixed: out is {} x {}, expected {} x {}",
          out.rows, out.cols, rows.count, x.cols);
  require(probability >= 0 && probability <= 1, "gather_mixed: a probability of {}", probability);
  require(probability == 0 || other.cells > 0, "gather_mixed: no cells to take values from");
  const bool second = standardized.data != nullptr;
  require(!second || (standardized.rows == out.rows && standardized.cols == out.cols),
          "gather_mixed: standardized is {} x {}, expected {} x {}", standardized.rows, standardized.cols,
          out.rows, out.cols);
  const auto scales = static_cast<std::int64_t>(inverse_scale.size());
  require(mean.size() == inverse_scale.size() && scales == (second ? x.cols : 0),
          "gather_mixed: {} means and {} scales for {} standardized columns", mean.size(), scales,
          second ? x.cols : 0);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(gather_mixed, context, x, rows, other, probability, shares, draws, out, mean,
                    inverse_scale, standardized);
}
SPARCELL_INSTANTIATE(gather_mixed);

}  // namespace sparcell
