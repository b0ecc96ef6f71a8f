#include "sparcell/ops/log_normalize.h"

#include <cmath>

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void row_sums(Context& context, CsrView<const T> x, std::span<double> sums) {
  require(static_cast<std::int64_t>(sums.size()) == x.rows, "row_sums: {} sums for {} rows", sums.size(),
          x.rows);
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(row_sums, context, x, sums);
}
SPARCELL_INSTANTIATE(row_sums);

template <class T>
void log_normalize(Context& context, CsrView<T> x, double target_sum, bool log1p) {
  require(target_sum > 0 && std::isfinite(target_sum),
          "log_normalize: the target sum is {}, expected above 0", target_sum);
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(log_normalize, context, x, target_sum, log1p);
}
SPARCELL_INSTANTIATE(log_normalize);

}  // namespace sparcell
