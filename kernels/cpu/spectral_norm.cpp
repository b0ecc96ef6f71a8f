#include "sparcell/ops/spectral_norm.h"

#include <cmath>
#include <vector>

#include "cpu/reduce.h"

namespace sparcell {
namespace {

/// v = W^T u; threads take columns.
template <class T>
void transposed_times(Context& context, MatrixView<const T> weight, std::span<const T> u, std::span<T> v) {
  parallel_parts(context.threads(), weight.cols, 64, [&](std::int64_t first, std::int64_t last, int) {
    std::fill(v.data() + first, v.data() + last, T(0));
    for (std::int64_t r = 0; r < weight.rows; ++r) {
      const T* row = weight.row(r);
      const T factor = u[r];
      for (std::int64_t c = first; c < last; ++c) v[c] += factor * row[c];
    }
  });
}

/// u = W v; threads take rows.
template <class T>
void times(Context& context, MatrixView<const T> weight, std::span<const T> v, std::span<T> u) {
  parallel_for(context.threads(), weight.rows, 16, [&](std::int64_t r) {
    const T* row = weight.row(r);
    u[r] = static_cast<T>(cpu::lane_sum<T>(weight.cols, [&](std::int64_t c) { return row[c] * v[c]; }));
  });
}

/// x / max(|x|, epsilon); returns |x|.
template <class T>
T normalize_vector(std::span<T> x) {
  const auto size = static_cast<std::int64_t>(x.size());
  const T norm =
      static_cast<T>(std::sqrt(cpu::lane_sum<T>(size, [&](std::int64_t i) { return x[i] * x[i]; })));
  const T divisor = std::max(norm, static_cast<T>(spectral_epsilon));
  for (T& value : x) value /= divisor;
  return norm;
}

}  // namespace

template <class T>
void cpu::spectral_sigma(Context& context, MatrixView<const T> weight, bool iterate, std::span<T> u,
                         std::span<T> v, T* inverse_sigma, std::span<T> kept_u, std::span<T> kept_v) {
  static thread_local std::vector<T> product;
  product.resize(u.size());
  if (iterate) {
    transposed_times<T>(context, weight, u, v);
    normalize_vector(v);
  }
  times<T>(context, weight, v, std::span<T>(product));
  if (iterate) {
    std::copy(product.begin(), product.end(), u.begin());
    normalize_vector(u);
  }
  const auto size = static_cast<std::int64_t>(u.size());
  const double sigma = lane_sum<T>(size, [&](std::int64_t i) { return u[i] * product[i]; });
  *inverse_sigma = static_cast<T>(1.0 / sigma);
  std::copy(u.begin(), u.end(), kept_u.begin());
  std::copy(v.begin(), v.end(), kept_v.begin());
}
SPARCELL_INSTANTIATE(cpu::spectral_sigma);

template <class T>
void cpu::spectral_inner(Context& context, MatrixView<const T> grad_linear, MatrixView<const T> a,
                         std::span<const T> bias, T* inner) {
  const double sum = ordered_sum(context.threads(), a.rows, 16, [&](std::int64_t first, std::int64_t last) {
    double part = 0;
    for (std::int64_t r = first; r < last; ++r) {
      const T* g = grad_linear.row(r);
      const T* x = a.row(r);
      part += bias.empty() ? lane_sum<T>(a.cols, [&](std::int64_t c) { return g[c] * x[c]; })
                           : lane_sum<T>(a.cols, [&](std::int64_t c) { return g[c] * (x[c] - bias[c]); });
    }
    return part;
  });
  *inner += static_cast<T>(sum);
}
SPARCELL_INSTANTIATE(cpu::spectral_inner);

template <class T>
void cpu::spectral_correction(Context& context, MatrixView<const T> u, MatrixView<const T> v,
                              std::span<const T> inner, MatrixView<T> grad_weight) {
  parallel_for(context.threads(), grad_weight.rows, 16, [&](std::int64_t r) {
    T* row = grad_weight.row(r);
    for (std::int64_t p = 0; p < u.rows; ++p) {
      const T factor = inner[p] * u(p, r);
      const T* vector = v.row(p);
      for (std::int64_t c = 0; c < grad_weight.cols; ++c) row[c] -= factor * vector[c];
    }
  });
}
SPARCELL_INSTANTIATE(cpu::spectral_correction);

}  // namespace sparcell
