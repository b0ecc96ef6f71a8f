#include "sparcell/ops/neighbors.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void nearest_neighbors(Context& context, MatrixView<const T> x, MatrixView<const T> y, bool skip_own_row,
                       MatrixView<T> distances, MatrixView<std::int32_t> indices) {
  require(x.cols == y.cols, "nearest_neighbors: points of {} and of {} coordinates", x.cols, y.cols);
  require(distances.rows == x.rows && indices.rows == x.rows && indices.cols == distances.cols,
          "nearest_neighbors: {} x {} distances and {} x {} indices for {} points", distances.rows,
          distances.cols, indices.rows, indices.cols, x.rows);
  const std::int64_t most = y.rows - (skip_own_row ? 1 : 0);
  require(distances.cols >= 1 && distances.cols <= most, "nearest_neighbors: {} neighbours, expected 1 to {}",
          distances.cols, most);
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(nearest_neighbors, context, x, y, skip_own_row, distances, indices);
}
SPARCELL_INSTANTIATE(nearest_neighbors);

template <class T>
void inside_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y, std::span<const T> radii,
                  std::span<std::int32_t> inside) {
  require(x.cols == y.cols, "inside_balls: points of {} and of {} coordinates", x.cols, y.cols);
  require(
      static_cast<std::int64_t>(radii.size()) == y.rows && static_cast<std::int64_t>(inside.size()) == x.rows,
      "inside_balls: {} radii for {} balls, {} answers for {} points", radii.size(), y.rows, inside.size(),
      x.rows);
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(inside_balls, context, x, y, radii, inside);
}
SPARCELL_INSTANTIATE(inside_balls);

template <class T>
void occupied_balls(Context& context, MatrixView<const T> x, MatrixView<const T> y, std::span<const T> radii,
                    std::span<std::int32_t> occupied) {
  require(x.cols == y.cols, "occupied_balls: points of {} and of {} coordinates", x.cols, y.cols);
  require(static_cast<std::int64_t>(radii.size()) == x.rows && radii.size() == occupied.size(),
          "occupied_balls: {} radii and {} answers for {} balls", radii.size(), occupied.size(), x.rows);
  if (x.rows == 0) return;
  SPARCELL_DISPATCH(occupied_balls, context, x, y, radii, occupied);
}
SPARCELL_INSTANTIATE(occupied_balls);

}  // namespace sparcell
