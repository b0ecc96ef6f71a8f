#include "sparcell/ops/mix.h"

#include "ops/dispatch.h"
#include "ops/mix_checks.h"

namespace sparcell {

template <class T>
void gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, GeneValues<T> other,
                  double probability, RandomStream shares, RandomStream draws, MatrixView<T> out,
                  std::span<const T> mean, std::span<const T> inverse_scale, MatrixView<T> standardized) {
  check_mixing<T>("gather_mixed", x, rows, other, probability, out);
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
