#include "sparcell/ops/cell_totals.h"

#include "math/elementary.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t lanes = 8;  // sums of one cell side by side

}  // namespace

template <class T>
void cpu::cell_totals(Context& context, MatrixView<const T> cells, T threshold, std::span<double> totals,
                      std::span<double> detected) {
  parallel_for(context.threads(), cells.rows, 1, [&](std::int64_t r) {
    const T* const x = cells.row(r);
    double sums[lanes] = {}, counts[lanes] = {};
    const auto add = [&](std::int64_t lane, T value) {
      sums[lane] += value > T(0) ? static_cast<double>(math::expm1(value)) : 0.0;
      counts[lane] += (value < T(0) ? -value : value) >= threshold ? 1.0 : 0.0;
    };
    std::int64_t g = 0;
    for (; g + lanes <= cells.cols; g += lanes) {
#pragma omp simd
      for (std::int64_t lane = 0; lane < lanes; ++lane) add(lane, x[g + lane]);
    }
    for (std::int64_t lane = 0; g < cells.cols; ++g, ++lane) add(lane, x[g]);
    totals[r] = detected[r] = 0;
    for (std::int64_t lane = 0; lane < lanes; ++lane) {
      totals[r] += sums[lane];
      detected[r] += counts[lane];
    }
  });
}
SPARCELL_INSTANTIATE(cpu::cell_totals);

}  // namespace sparcell
