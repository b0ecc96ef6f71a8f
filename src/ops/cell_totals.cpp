#include "sparcell/ops/cell_totals.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void cell_totals(Context& context, MatrixView<const T> cells, T threshold, std::span<double> totals,
                 std::span<double> detected) {
  require(static_cast<std::int64_t>(totals.size()) == cells.rows &&
              static_cast<std::int64_t>(detected.size()) == cells.rows,
          "cell_totals: {} totals and {} counts for {} cells", totals.size(), detected.size(), cells.rows);
  require(threshold > T(0), "cell_totals: a threshold of {}, expected more than 0", threshold);
  if (cells.rows == 0) return;
  SPARCELL_DISPATCH(cell_totals, context, cells, threshold, totals, detected);
}
SPARCELL_INSTANTIATE(cell_totals);

}  // namespace sparcell
