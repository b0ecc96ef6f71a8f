#include "sparcell/ops/pairwise.h"

#include "ops/dispatch.h"
#include "ops/point_groups.h"

namespace sparcell {

template <class T>
void pairwise_distance_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                            std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                            MatrixView<double> sums) {
  check_sums("pairwise_distance_sums", x, y, x_groups, y_groups, sums);
  if (sums.size() == 0) return;
  SPARCELL_DISPATCH(pairwise_distance_sums, context, x, y, x_groups, y_groups, sums);
}
SPARCELL_INSTANTIATE(pairwise_distance_sums);

}  // namespace sparcell
