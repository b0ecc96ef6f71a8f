#include "sparcell/ops/pairwise.h"

#include "cpu/pair_sums.h"

namespace sparcell {

template <class T>
void cpu::pairwise_distance_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                                 std::span<const std::int64_t> x_groups,
                                 std::span<const std::int64_t> y_groups, MatrixView<double> sums) {
  sum_pairs<T, 1>(context.threads(), x, y, x_groups, y_groups, {sums},
                  [] { return [](cpu::Tile<T>& tile, auto&) { take_roots(tile); }; });
}
SPARCELL_INSTANTIATE(cpu::pairwise_distance_sums);

}  // namespace sparcell
