#include "sparcell/ops/mix.h"

#include "ops/dispatch.h"
#include "ops/mix_checks.h"
#include "ops/standardization_checks.h"

namespace sparcell {

template <class T>
void gather_mixed(Context& context, CsrView<const T> x, BatchRows rows, Mixing<T> mixing, MatrixView<T> out,
                  Standardization<T> standardization, MatrixView<T> standardized) {
  check_mixing<T>("gather_mixed", x, rows, mixing, out);
  const bool second = standardized.data != nullptr;
  require(!second || (standardized.rows == out.rows && standardized.cols == out.cols),
          "gather_mixed: standardized is {} x {}, expected {} x {}", standardized.rows, standardized.cols,
          out.rows, out.cols);
  check_standardization("gather_mixed", standardization, x.cols);
  const auto means = static_cast<std::int64_t>(standardization.mean.size());
  require(means == (second ? x.cols : 0), "gather_mixed: {} means for {} standardized columns", means,
          second ? x.cols : 0);
  if (out.size() == 0) return;
  SPARCELL_DISPATCH(gather_mixed, context, x, rows, mixing, out, standardization, standardized);
}
SPARCELL_INSTANTIATE(gather_mixed);

}  // namespace sparcell
