// Threads take tiles of genes, so that every gene's sums run over cells in one order; a tile's sums stay in
// registers and L1.
#include "sparcell/ops/residuals.h"

#include <algorithm>

#include "cpu/wide.h"
#include "math/elementary.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t tile_genes = 32;

SPARCELL_WIDE void undo_log(const float* values, std::int64_t count, float* out) {
  for (std::int64_t k = 0; k < count; ++k) out[k] = math::expm1(values[k] > 0 ? values[k] : 0.0f);
}
void undo_log(const double* values, std::int64_t count, double* out) {
  for (std::int64_t k = 0; k < count; ++k) out[k] = math::expm1(values[k] > 0 ? values[k] : 0.0);
}

template <class T>
void tile_moments(MatrixView<const T> real, MatrixView<const T> predicted, MomentsOf of_what,
                  std::span<const double> shift, std::int64_t first, std::int64_t count,
                  MatrixView<double> moments) {
  double sums[residual_moments_count][tile_genes];
  for (std::int64_t m = 0; m < residual_moments_count; ++m)
    std::copy_n(moments.row(m) + first, count, sums[m]);
  const auto of = [&](ResidualMoment moment) { return sums[static_cast<int>(moment)]; };
  double* const squared_error = of(ResidualMoment::squared_error);
  double* const absolute_error = of(ResidualMoment::absolute_error);
  double* const real_sum = of(ResidualMoment::real);
  double* const real_squared = of(ResidualMoment::real_squared);
  double* const predicted_sum = of(ResidualMoment::predicted);
  double* const predicted_squared = of(ResidualMoment::predicted_squared);
  double* const product = of(ResidualMoment::product);
  double* const real_low = of(ResidualMoment::real_low);
  double* const real_high = of(ResidualMoment::real_high);
  double* const predicted_low = of(ResidualMoment::predicted_low);
  double* const predicted_high = of(ResidualMoment::predicted_high);
  T counts[tile_genes], guessed_counts[tile_genes];
  for (std::int64_t i = 0; i < real.rows; ++i) {
    const T* x = real.row(i) + first;
    const T* y = predicted.row(i) + first;
    if (of_what == MomentsOf::expm1) {
      undo_log(x, count, counts);
      undo_log(y, count, guessed_counts);
      x = counts, y = guessed_counts;
    }
#pragma omp simd
    for (std::int64_t g = 0; g < count; ++g) {
      const double value = x[g], guess = y[g], error = guess - value;
      const double dx = value - shift[first + g], dy = guess - shift[first + g];
      squared_error[g] += error * error;
      absolute_error[g] += error < 0 ? -error : error;
      real_sum[g] += dx;
      real_squared[g] += dx * dx;
      predicted_sum[g] += dy;
      predicted_squared[g] += dy * dy;
      product[g] += dx * dy;
      real_low[g] = value < real_low[g] ? value : real_low[g];
      real_high[g] = value > real_high[g] ? value : real_high[g];
      predicted_low[g] = guess < predicted_low[g] ? guess : predicted_low[g];
      predicted_high[g] = guess > predicted_high[g] ? guess : predicted_high[g];
    }
  }
  for (std::int64_t m = 0; m < residual_moments_count; ++m)
    std::copy_n(sums[m], count, moments.row(m) + first);
}

}  // namespace

template <class T>
void cpu::residual_moments(Context& context, MatrixView<const T> real, MatrixView<const T> predicted,
                           MomentsOf of, std::span<const double> shift, MatrixView<double> moments) {
  parallel_for(context.threads(), (real.cols + tile_genes - 1) / tile_genes, 1, [&](std::int64_t tile) {
    const std::int64_t first = tile * tile_genes;
    tile_moments(real, predicted, of, shift, first, std::min(tile_genes, real.cols - first), moments);
  });
}
SPARCELL_INSTANTIATE(cpu::residual_moments);

template <class T>
void cpu::squared_errors(Context& context, MatrixView<const T> real, MatrixView<const T> predicted,
                         std::span<double> errors) {
  constexpr std::int64_t lanes = 16;  // partial sums of a row, combined in fixed order
  parallel_for(context.threads(), real.rows, 1, [&](std::int64_t i) {
    const T* const x = real.row(i);
    const T* const y = predicted.row(i);
    double sums[lanes] = {};
    std::int64_t g = 0;
    for (; g + lanes <= real.cols; g += lanes) {
      for (std::int64_t lane = 0; lane < lanes; ++lane) {
        const double error = static_cast<double>(y[g + lane]) - static_cast<double>(x[g + lane]);
        sums[lane] += error * error;
      }
    }
    for (; g < real.cols; ++g) {
      const double error = static_cast<double>(y[g]) - static_cast<double>(x[g]);
      sums[g % lanes] += error * error;
    }
    double total = 0;
    for (double sum : sums) total += sum;
    errors[i] = total;
  });
}
SPARCELL_INSTANTIATE(cpu::squared_errors);

}  // namespace sparcell
