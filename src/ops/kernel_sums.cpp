#include "sparcell/ops/kernel_sums.h"

#include "ops/dispatch.h"
#include "ops/point_groups.h"

namespace sparcell {

template <class T>
void kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                 std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                 std::span<const double> gammas, MatrixView<double> sums) {
  check_sums("kernel_sums", x, y, x_groups, y_groups, sums);
  require(!gammas.empty() && *std::min_element(gammas.begin(), gammas.end()) >= 0,
          "kernel_sums: {} gammas, expected at least one and none negative", gammas.size());
  if (sums.size() == 0) return;
  SPARCELL_DISPATCH(kernel_sums, context, x, y, x_groups, y_groups, gammas, sums);
}
SPARCELL_INSTANTIATE(kernel_sums);

}  // namespace sparcell
