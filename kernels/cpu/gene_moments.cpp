#include "sparcell/ops/gene_moments.h"

#include <vector>

#include "cpu/wide.h"
#include "math/elementary.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t rows_per_part = 64;  // fewer are not worth a thread
constexpr std::int64_t genes_per_part = 4096;
constexpr std::int64_t tile =
    512;  // transformed values of a tile stay in L1, and the transformation vectorizes

struct Sums {
  double sum = 0;
  double squares = 0;
};

SPARCELL_WIDE void expm1_of(const float* values, std::int64_t count, float* out) {
  for (std::int64_t k = 0; k < count; ++k) out[k] = math::expm1(values[k]);
}
void expm1_of(const double* values, std::int64_t count, double* out) {
  for (std::int64_t k = 0; k < count; ++k) out[k] = math::expm1(values[k]);
}

/// Adds the entries of one row, prepared by transform(values, count, out) and limit(value, column).
template <class T, class Transform, class Limit>
void add_row(CsrView<const T> x, std::int64_t row, Transform transform, Limit limit, Sums* sums) {
  T transformed[tile];
  for (std::int64_t first = x.offsets[row]; first < x.offsets[row + 1]; first += tile) {
    const std::int64_t count = std::min(tile, x.offsets[row + 1] - first);
    const std::int32_t* columns = x.indices + first;
    const T* values = transform(x.values + first, count, transformed);
    for (std::int64_t k = 0; k < count; ++k) {
      const double v = limit(static_cast<double>(values[k]), columns[k]);
      Sums& s = sums[columns[k]];
      s.sum += v;
      s.squares += v * v;
    }
  }
}

template <class T>
void add_row(CsrView<const T> x, std::int64_t row, MomentsOf of, std::span<const double> clip, Sums* sums) {
  const auto as_is = [](const T* values, std::int64_t, T*) { return values; };
  const auto expm1 = [](const T* values, std::int64_t count, T* out) {
    expm1_of(values, count, out);
    return static_cast<const T*>(out);
  };
  const auto unlimited = [](double v, std::int32_t) { return v; };
  const auto limited = [&](double v, std::int32_t column) { return std::min(v, clip[column]); };
  if (of == MomentsOf::expm1) {
    clip.empty() ? add_row(x, row, expm1, unlimited, sums) : add_row(x, row, expm1, limited, sums);
  } else {
    clip.empty() ? add_row(x, row, as_is, unlimited, sums) : add_row(x, row, as_is, limited, sums);
  }
}

}  // namespace

template <class T>
void cpu::gene_moments(Context& context, CsrView<const T> x, std::span<const std::int32_t> rows, MomentsOf of,
                       std::span<const double> clip, std::span<double> mean, std::span<double> variance) {
  std::vector<std::vector<Sums>> parts(context.threads());
  parallel_parts(context.threads(), static_cast<std::int64_t>(rows.size()), rows_per_part,
                 [&](std::int64_t first, std::int64_t last, int part) {
                   parts[part].resize(x.cols);
                   for (std::int64_t i = first; i < last; ++i)
                     add_row(x, rows[i], of, clip, parts[part].data());
                 });
  const auto n = static_cast<double>(rows.size());
  parallel_for(context.threads(), x.cols, genes_per_part, [&](std::int64_t c) {
    Sums total;
    for (const std::vector<Sums>& part : parts) {
      if (part.empty()) continue;
      total.sum += part[c].sum;
      total.squares += part[c].squares;
    }
    mean[c] = total.sum / n;
    variance[c] = std::max(0.0, total.squares / n - mean[c] * mean[c]);
  });
}
SPARCELL_INSTANTIATE(cpu::gene_moments);

}  // namespace sparcell
