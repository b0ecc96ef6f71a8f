#include "sparcell/ops/log_normalize.h"

#include <cmath>
#include <cstdint>

#include "ops/dispatch.h"

namespace sparcell {
namespace {

std::uintptr_t alignment_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory) % 16; }

}  // namespace

template <class T>
void row_sums(Context& context, CsrView<const T> x, std::span<double> sums) {
  require(static_cast<std::int64_t>(sums.size()) == x.rows, "row_sums: {} sums for {} rows", sums.size(),
          x.rows);
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(row_sums, context, x, sums);
}
SPARCELL_INSTANTIATE(row_sums);

template <class T>
void log_normalize(Context& context, CsrView<const T> x, double target_sum, bool log1p, std::span<T> values) {
  require(target_sum > 0 && std::isfinite(target_sum),
          "log_normalize: the target sum is {}, expected above 0", target_sum);
  require(alignment_of(values.data()) == alignment_of(x.values),
          "log_normalize: values lie {} bytes behind a multiple of 16, those of x {}",
          alignment_of(values.data()), alignment_of(x.values));
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(log_normalize, context, x, target_sum, log1p, values);
}
SPARCELL_INSTANTIATE(log_normalize);

}  // namespace sparcell
