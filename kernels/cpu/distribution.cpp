// Threads take tiles of genes, so that every gene's sums run over cells in one order; a tile's sums stay in
// registers and L1.
#include "sparcell/ops/distribution.h"

#include <algorithm>

#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t tile_genes = 32;

template <class T>
void tile_moments(MatrixView<const T> cells, std::span<const double> shift, T threshold, std::int64_t first,
                  std::int64_t count, MatrixView<double> moments) {
  double sums[distribution_moments_count][tile_genes];
  for (std::int64_t m = 0; m < distribution_moments_count; ++m)
    std::copy_n(moments.row(m) + first, count, sums[m]);
  const auto of = [&](DistributionMoment moment) { return sums[static_cast<int>(moment)]; };
  double* const deviation = of(DistributionMoment::deviation);
  double* const squared = of(DistributionMoment::deviation_squared);
  double* const near_zero = of(DistributionMoment::near_zero);
  double* const exact_zero = of(DistributionMoment::exact_zero);
  for (std::int64_t i = 0; i < cells.rows; ++i) {
    const T* const x = cells.row(i) + first;
#pragma omp simd
    for (std::int64_t g = 0; g < count; ++g) {
      const double d = static_cast<double>(x[g]) - shift[first + g];
      deviation[g] += d;
      squared[g] += d * d;
      near_zero[g] += (x[g] < T(0) ? -x[g] : x[g]) < threshold ? 1.0 : 0.0;
      exact_zero[g] += x[g] == T(0) ? 1.0 : 0.0;
    }
  }
  for (std::int64_t m = 0; m < distribution_moments_count; ++m)
    std::copy_n(sums[m], count, moments.row(m) + first);
}

}  // namespace

template <class T>
void cpu::distribution_moments(Context& context, MatrixView<const T> cells, std::span<const double> shift,
                               T threshold, MatrixView<double> moments) {
  parallel_for(context.threads(), (cells.cols + tile_genes - 1) / tile_genes, 1, [&](std::int64_t tile) {
    const std::int64_t first = tile * tile_genes;
    tile_moments(cells, shift, threshold, first, std::min(tile_genes, cells.cols - first), moments);
  });
}
SPARCELL_INSTANTIATE(cpu::distribution_moments);

}  // namespace sparcell
