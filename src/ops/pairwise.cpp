#include "sparcell/ops/pairwise.h"

#include <algorithm>

namespace sparcell {
namespace {

void check_groups(const char* which, std::span<const std::int64_t> groups, std::int64_t rows) {
  require(!groups.empty() && groups.front() == 0 && groups.back() == rows &&
              std::is_sorted(groups.begin(), groups.end()),
          "pairwise_distance_sums: the groups of {} are not ascending offsets from 0 to {}", which, rows);
}

}  // namespace

template <class T>
void pairwise_distance_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                            std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                            MatrixView<double> sums) {
  require(x.cols == y.cols, "pairwise_distance_sums: points of {} and of {} coordinates", x.cols, y.cols);
  check_groups("x", x_groups, x.rows);
  check_groups("y", y_groups, y.rows);
  const auto rows = static_cast<std::int64_t>(x_groups.size()) - 1,
             cols = static_cast<std::int64_t>(y_groups.size()) - 1;
  require(sums.rows == rows && sums.cols == cols, "pairwise_distance_sums: sums is {} x {}, expected {} x {}",
          sums.rows, sums.cols, rows, cols);
  if (sums.size() == 0) return;
  SPARCELL_DISPATCH(pairwise_distance_sums, context, x, y, x_groups, y_groups, sums);
}
SPARCELL_INSTANTIATE(pairwise_distance_sums);

}  // namespace sparcell
