#include "sparcell/ops/distribution.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void distribution_moments(Context& context, MatrixView<const T> cells, std::span<const double> shift,
                          T threshold, MatrixView<double> moments) {
  require(static_cast<std::int64_t>(shift.size()) == cells.cols,
          "distribution_moments: {} shifts for {} genes", shift.size(), cells.cols);
  require(threshold > T(0), "distribution_moments: the threshold is {}, expected above 0", threshold);
  require(moments.rows == distribution_moments_count && moments.cols == cells.cols,
          "distribution_moments: moments is {} x {}, expected {} x {}", moments.rows, moments.cols,
          distribution_moments_count, cells.cols);
  if (cells.size() == 0) return;
  SPARCELL_DISPATCH(distribution_moments, context, cells, shift, threshold, moments);
}
SPARCELL_INSTANTIATE(distribution_moments);

}  // namespace sparcell
