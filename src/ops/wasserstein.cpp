#include "sparcell/ops/wasserstein.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void sort_rows(Context& context, MatrixView<T> rows) {
  if (rows.size() == 0) return;
  SPARCELL_DISPATCH(sort_rows, context, rows);
}
SPARCELL_INSTANTIATE(sort_rows);

template <class T>
void wasserstein_distances(Context& context, MatrixView<const T> a, MatrixView<const T> b,
                           std::span<double> distances) {
  require(a.rows == b.rows && static_cast<std::int64_t>(distances.size()) == a.rows,
          "wasserstein_distances: {} distances of {} and {} rows", distances.size(), a.rows, b.rows);
  require(a.rows == 0 || (a.cols > 0 && b.cols > 0), "wasserstein_distances: rows of {} and of {} values",
          a.cols, b.cols);
  if (a.rows == 0) return;
  SPARCELL_DISPATCH(wasserstein_distances, context, a, b, distances);
}
SPARCELL_INSTANTIATE(wasserstein_distances);

}  // namespace sparcell
