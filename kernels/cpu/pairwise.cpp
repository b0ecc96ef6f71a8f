#include "sparcell/ops/pairwise.h"

#include "cpu/pair_sums.h"

namespace sparcell {

template <class T>
void cpu::pairwise_distance_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                                 std::span<const std::int64_t> x_groups,
                                 std::span<const std::int64_t> y_groups, MatrixView<double> sums) {
  sum_pairs(context.threads(), x, y, x_groups, y_groups, sums, [] {
    return [](cpu::Tile<T>& tile) {
      T* const squares = tile.squares[0];
#pragma omp simd
      for (std::int64_t i = 0; i < cpu::tile_rows * cpu::tile_lanes<T>; ++i)
        squares[i] = math::square_root(squares[i]);
    };
  });
}
SPARCELL_INSTANTIATE(cpu::pairwise_distance_sums);

}  // namespace sparcell
