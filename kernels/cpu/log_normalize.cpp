#include "sparcell/ops/log_normalize.h"

#include <algorithm>

#include "cpu/wide.h"
#include "math/elementary.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t rows_per_part = 64;  // fewer are not worth a thread
constexpr int lanes = 8;  // independent sums, so that the loop vectorizes; their order is fixed

template <class T>
double sum_of(const T* values, std::int64_t count) {
  double partial[lanes] = {};
  std::int64_t k = 0;
  for (; k + lanes <= count; k += lanes) {
    for (int lane = 0; lane < lanes; ++lane) partial[lane] += static_cast<double>(values[k + lane]);
  }
  double sum = 0;
  for (; k < count; ++k) sum += static_cast<double>(values[k]);
  for (double p : partial) sum += p;
  return sum;
}

template <class T>
SPARCELL_HD void scale_values(const T* values, std::int64_t count, T scale, bool log1p, T* scaled) {
  if (log1p) {
    for (std::int64_t k = 0; k < count; ++k) scaled[k] = math::log1p(values[k] * scale);
  } else {
    for (std::int64_t k = 0; k < count; ++k) scaled[k] = values[k] * scale;
  }
}

SPARCELL_WIDE void scale_row(const float* values, std::int64_t count, float scale, bool log1p,
                             float* scaled) {
  scale_values(values, count, scale, log1p, scaled);
}
void scale_row(const double* values, std::int64_t count, double scale, bool log1p, double* scaled) {
  scale_values(values, count, scale, log1p, scaled);
}

}  // namespace

template <class T>
void cpu::row_sums(Context& context, CsrView<const T> x, std::span<double> sums) {
  parallel_for(context.threads(), x.rows, rows_per_part, [&](std::int64_t r) {
    sums[r] = sum_of(x.values + x.offsets[r], x.offsets[r + 1] - x.offsets[r]);
  });
}
SPARCELL_INSTANTIATE(cpu::row_sums);

template <class T>
void cpu::log_normalize(Context& context, CsrView<const T> x, double target_sum, bool log1p,
                        std::span<T> values) {
  // The second look at a row finds it in the cache.
  parallel_for(context.threads(), x.rows, rows_per_part, [&](std::int64_t r) {
    const std::int64_t first = x.offsets[r], count = x.offsets[r + 1] - first;
    const T* row = x.values + first;
    T* const normalized = values.data() + first;
    const double sum = sum_of(row, count);
    if (sum > 0) {
      scale_row(row, count, static_cast<T>(target_sum / sum), log1p, normalized);
    } else if (normalized != row) {
      std::copy_n(row, count, normalized);
    }
  });
}
SPARCELL_INSTANTIATE(cpu::log_normalize);

}  // namespace sparcell
