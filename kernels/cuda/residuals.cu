// How far predicted cells are from real ones. Per gene: slabs of 32 genes as in device/columns.h. Per cell:
// one block per row.
#include "sparcell/ops/residuals.h"

#include <limits>

#include "device/columns.h"
#include "device/reduce.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::residuals {

using device::load, device::load_vector, device::store;

constexpr int warps = 16;
constexpr int threads = warps * device::warp_size;
constexpr int row_threads = 256;
constexpr int widest = device::widest<float>;

__device__ __forceinline__ double lesser(double a, double b) { return a < b ? a : b; }
__device__ __forceinline__ double greater(double a, double b) { return a > b ? a : b; }

__device__ __forceinline__ double combined(ResidualMoment moment, double a, double b) {
  switch (moment) {
    case ResidualMoment::real_low:
    case ResidualMoment::predicted_low:
      return lesser(a, b);
    case ResidualMoment::real_high:
    case ResidualMoment::predicted_high:
      return greater(a, b);
    default:
      return a + b;
  }
}

/// Moments of one gene over the calling thread's cells.
struct Moments {
  double squared_error = 0, absolute_error = 0;
  double real = 0, real_squared = 0, predicted = 0, predicted_squared = 0, product = 0;
  float real_low = infinity, real_high = -infinity, predicted_low = infinity, predicted_high = -infinity;

  static constexpr float infinity = std::numeric_limits<float>::infinity();

  __device__ __forceinline__ void add(float value, float guess, double shift) {
    const double error = static_cast<double>(guess) - static_cast<double>(value);
    const double dx = static_cast<double>(value) - shift, dy = static_cast<double>(guess) - shift;
    squared_error += error * error;
    absolute_error += error < 0 ? -error : error;
    real += dx;
    real_squared += dx * dx;
    predicted += dy;
    predicted_squared += dy * dy;
    product += dx * dy;
    real_low = value < real_low ? value : real_low;
    real_high = value > real_high ? value : real_high;
    predicted_low = guess < predicted_low ? guess : predicted_low;
    predicted_high = guess > predicted_high ? guess : predicted_high;
  }
};

template <bool expm1>
__device__ __forceinline__ float taken(float value) {
  return expm1 ? math::expm1(value > 0 ? value : 0.0f) : value;
}

template <bool expm1>
__global__ void __launch_bounds__(threads)
    residual_moments(MatrixView<const float> real, MatrixView<const float> predicted, const double* shift,
                     MatrixView<double> moments) {
  const device::SlabPlace place;
  const double gene_shift = device::of_slab(place, real.cols, shift);
  Moments m;
  if (place.column < real.cols) {
#pragma unroll 4
    for (std::int64_t i = place.warp; i < real.rows; i += warps)
      m.add(taken<expm1>(load(real.row(i) + place.column)),
            taken<expm1>(load(predicted.row(i) + place.column)), gene_shift);
  }
  const double mine[] = {m.squared_error, m.absolute_error,    m.real,          m.real_squared,
                         m.predicted,     m.predicted_squared, m.product,       m.real_low,
                         m.real_high,     m.predicted_low,     m.predicted_high};
  device::combine_slab<residual_moments_count, warps>(
      place, real.cols, mine,
      [](int moment, double a, double b) { return combined(static_cast<ResidualMoment>(moment), a, b); },
      [&](int moment, double value) {
        double* const out = moments.row(moment) + place.column;
        store(out, combined(static_cast<ResidualMoment>(moment), load(out), value));
      });
}

template <int width>
__global__ void __launch_bounds__(row_threads)
    squared_errors(MatrixView<const float> real, MatrixView<const float> predicted, double* errors) {
  device::for_each_in_blocks(real.rows, [&](std::int64_t r) {
    const float* const x = real.row(r);
    const float* const y = predicted.row(r);
    double sum = 0;
    const auto add = [&](float value, float guess) {
      const double error = static_cast<double>(guess) - static_cast<double>(value);
      sum += error * error;
    };
    const std::int64_t vectors = real.cols / width;
    device::for_each_in_block(vectors, [&](std::int64_t v) {
      const auto values = load_vector<width>(x + v * width), guesses = load_vector<width>(y + v * width);
#pragma unroll
      for (int k = 0; k < width; ++k) add(values[k], guesses[k]);
    });
    device::for_each_in_block(real.cols - vectors * width, [&](std::int64_t i) {
      add(load(x + vectors * width + i), load(y + vectors * width + i));
    });
    sum = device::block_sum<row_threads>(sum);
    if (threadIdx.x == 0) store(errors + r, sum);
  });
}

}  // namespace kernels::residuals

template <class T>
void cuda::residual_moments(Context& context, MatrixView<const T> real, MatrixView<const T> predicted,
                            MomentsOf of, std::span<const double> shift, MatrixView<double> moments) {
  using namespace kernels::residuals;
  const auto slabs = static_cast<unsigned>((real.cols + device::slab_columns - 1) / device::slab_columns);
  device::launch(of == MomentsOf::expm1 ? kernels::residuals::residual_moments<true>
                                        : kernels::residuals::residual_moments<false>,
                 {.grid = slabs, .block = threads, .stream = device::stream_of(context)}, real, predicted,
                 shift.data(), moments);
}
SPARCELL_INSTANTIATE_CUDA(cuda::residual_moments);

template <class T>
void cuda::squared_errors(Context& context, MatrixView<const T> real, MatrixView<const T> predicted,
                          std::span<double> errors) {
  using namespace kernels::residuals;
  const bool aligned = device::aligned_rows<widest>(real) && device::aligned_rows<widest>(predicted);
  device::launch(
      aligned ? kernels::residuals::squared_errors<widest> : kernels::residuals::squared_errors<1>,
      {.grid = device::blocks_for(real.rows, 1), .block = row_threads, .stream = device::stream_of(context)},
      real, predicted, errors.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::squared_errors);

}  // namespace sparcell
