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

template <class T>
void find_sigma(Context& context, const SpectralWeight<T>& w) {
  static thread_local std::vector<T> product;
  product.resize(w.u.size());
  transposed_times<T>(context, w.weight, w.u, w.v);
  normalize_vector(w.v);
  times<T>(context, w.weight, w.v, std::span<T>(product));
  std::copy(product.begin(), product.end(), w.u.begin());
  normalize_vector(w.u);
  const auto size = static_cast<std::int64_t>(w.u.size());
  const double sigma = cpu::lane_sum<T>(size, [&](std::int64_t i) { return w.u[i] * product[i]; });
  for (std::int64_t p = 0; p < w.kept_u.rows; ++p) {
    w.inverse_sigma[p] = static_cast<T>(1.0 / sigma);
    std::copy(w.u.begin(), w.u.end(), w.kept_u.row(p));
    std::copy(w.v.begin(), w.v.end(), w.kept_v.row(p));
  }
}

template <class T>
T inner_product(Context& context, const SpectralTerm<T>& term) {
  const auto& [grad_linear, a, bias] = term;
  const double sum =
      cpu::ordered_sum(context.threads(), a.rows, 16, [&](std::int64_t first, std::int64_t last) {
        double part = 0;
        for (std::int64_t r = first; r < last; ++r) {
          const T* g = grad_linear.row(r);
          const T* x = a.row(r);
          const T* shift = bias.data();
          part += bias.empty()
                      ? cpu::lane_sum<T>(a.cols, [&](std::int64_t c) { return g[c] * x[c]; })
                      : cpu::lane_sum<T>(a.cols, [&](std::int64_t c) { return g[c] * (x[c] - shift[c]); });
        }
        return part;
      });
  return static_cast<T>(sum);
}

}  // namespace

template <class T>
void cpu::spectral_sigma(Context& context, std::span<const SpectralWeight<T>> weights) {
  for (const SpectralWeight<T>& w : weights) find_sigma(context, w);
}
SPARCELL_INSTANTIATE(cpu::spectral_sigma);

template <class T>
void cpu::spectral_inner(Context& context, std::span<const SpectralInner<T>> inners) {
  for (const auto& [terms, inner] : inners)
    *inner = inner_product(context, terms[0]) + inner_product(context, terms[1]);
}
SPARCELL_INSTANTIATE(cpu::spectral_inner);

template <class T>
void cpu::spectral_correction(Context& context, std::span<const SpectralGradient<T>> gradients) {
  for (const SpectralGradient<T>& gradient : gradients) {
    const MatrixView<const T> u = gradient.u, v = gradient.v;
    const MatrixView<T> grad_weight = gradient.grad_weight;
    parallel_for(context.threads(), grad_weight.rows, 16, [&](std::int64_t r) {
      T* row = grad_weight.row(r);
      for (std::int64_t p = 0; p < u.rows; ++p) {
        const T factor = gradient.inner[p] * u(p, r);
        const T* vector = v.row(p);
        for (std::int64_t c = 0; c < grad_weight.cols; ++c) row[c] -= factor * vector[c];
      }
    });
  }
}
SPARCELL_INSTANTIATE(cpu::spectral_correction);

}  // namespace sparcell
