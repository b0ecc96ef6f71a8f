#include "sparcell/ops/kernel_sums.h"

#include <vector>

#include "cpu/pair_sums.h"

namespace sparcell {

template <class T>
void cpu::kernel_sums(Context& context, MatrixView<const T> x, MatrixView<const T> y,
                      std::span<const std::int64_t> x_groups, std::span<const std::int64_t> y_groups,
                      std::span<const double> gammas, MatrixView<double> sums) {
  const std::vector<T> rates(gammas.begin(), gammas.end());
  const T share = T(1) / static_cast<T>(rates.size());
  sum_pairs(context.threads(), x, y, x_groups, y_groups, sums, [&](T(&lanes)[cpu::tile_lanes<T>]) {
    T kernels[cpu::tile_lanes<T>] = {};
    for (const T rate : rates) {
#pragma omp simd
      for (std::int64_t lane = 0; lane < cpu::tile_lanes<T>; ++lane)
        kernels[lane] += math::exp(-rate * lanes[lane]);
    }
    for (std::int64_t lane = 0; lane < cpu::tile_lanes<T>; ++lane) lanes[lane] = share * kernels[lane];
  });
}
SPARCELL_INSTANTIATE(cpu::kernel_sums);

}  // namespace sparcell
