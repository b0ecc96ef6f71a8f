#include "sparcell/ops/reparameterize.h"

#include <algorithm>
#include <vector>

#include "cpu/reduce.h"
#include "cpu/stream_words.h"

namespace sparcell {
namespace {

/// The normals of the rows first ... last - 1; whoever asks may write over them.
template <class T>
T* noise_of_rows(const math::PhiloxStream& stream, std::int64_t first, std::int64_t last, std::int64_t cols) {
  static thread_local std::vector<T> noise;
  noise.resize(static_cast<std::size_t>((last - first) * cols));
  cpu::draw_normals(stream, static_cast<std::uint64_t>(first * cols), (last - first) * cols, noise.data());
  return noise.data();
}

template <class T>
T divergence_of(T mu, T log_variance) {
  return T(-0.5) * (T(1) + log_variance - mu * mu - math::exp(log_variance));
}

/// The sum of divergences of which none counts less than `least`.
template <class T>
double counted_divergence(Context& context, MatrixView<const T> mu, MatrixView<const T> log_variance,
                          T least) {
  return cpu::ordered_sum(context.threads(), mu.rows, 8, [&](std::int64_t first, std::int64_t last) {
    double part = 0;
    for (std::int64_t r = first; r < last; ++r) {
      for (std::int64_t c = 0; c < mu.cols; ++c)
        part += static_cast<double>(std::max(divergence_of(mu(r, c), log_variance(r, c)), least));
    }
    return part;
  });
}

template <class T>
struct LatentRow {
  std::int64_t count;
  const T *mu, *log_variance, *grad_z, *noise;
};

/// On plain pointers: so it vectorizes. What is written may be what is read, element by element.
template <bool free_bits, class T>
void row_backward(const LatentRow<T>& row, T weight, T least, T* grad_mu, T* grad_log_variance) {
  const T *mu = row.mu, *log_variance = row.log_variance, *grad_z = row.grad_z, *noise = row.noise;
#pragma GCC ivdep
  for (std::int64_t c = 0; c < row.count; ++c) {
    const T m = mu[c], v = log_variance[c], g = grad_z[c];
    const T w = free_bits && divergence_of(m, v) < least ? T(0) : weight;
    grad_mu[c] = g + w * m;
    grad_log_variance[c] = g * noise[c] * math::exp(v / T(2)) / T(2) + w * (math::exp(v) - T(1)) / T(2);
  }
}

}  // namespace

template <class T>
void cpu::reparameterize(Context& context, RandomStream random_stream, MatrixView<const T> mu,
                         MatrixView<const T> log_variance, Divergence divergence, const T* kl_weight,
                         double* kl, double* weighted_kl, MatrixView<T> z) {
  const math::PhiloxStream stream(random_stream);
  const double sum = ordered_sum(context.threads(), mu.rows, 8, [&](std::int64_t first, std::int64_t last) {
    double part = 0;
    T* noise = noise_of_rows<T>(stream, first, last, mu.cols);
    for (std::int64_t r = first; r < last; ++r, noise += mu.cols) {
      for (std::int64_t c = 0; c < mu.cols; ++c) {
        const T m = mu(r, c), v = log_variance(r, c);
        z(r, c) = m + math::exp(v / T(2)) * noise[c];
        noise[c] = T(1) + v - m * m - math::exp(v);  // beside the sum, whose order would keep the loop narrow
      }
      for (std::int64_t c = 0; c < mu.cols; ++c) part += static_cast<double>(noise[c]);
    }
    return part;
  });
  const double all = -0.5 * divergence.scale * sum;
  *kl += all;
  *weighted_kl +=
      static_cast<double>(*kl_weight) *
      (divergence.free_bits > 0 ? divergence.scale * counted_divergence(context, mu, log_variance,
                                                                        static_cast<T>(divergence.free_bits))
                                : all);
}
SPARCELL_INSTANTIATE(cpu::reparameterize);

template <class T>
void cpu::reparameterize_backward(Context& context, RandomStream random_stream, MatrixView<const T> mu,
                                  MatrixView<const T> log_variance, MatrixView<const T> grad_z,
                                  const T* kl_weight, Divergence divergence, MatrixView<T> grad_mu,
                                  MatrixView<T> grad_log_variance) {
  const math::PhiloxStream stream(random_stream);
  const T weight = static_cast<T>(static_cast<double>(*kl_weight) * divergence.scale),
          least = static_cast<T>(divergence.free_bits);
  parallel_parts(context.threads(), mu.rows, 8, [&](std::int64_t first, std::int64_t last, int) {
    const T* noise = noise_of_rows<T>(stream, first, last, mu.cols);
    for (std::int64_t r = first; r < last; ++r, noise += mu.cols) {
      const LatentRow<T> row{mu.cols, mu.row(r), log_variance.row(r), grad_z.row(r), noise};
      least > T(0) ? row_backward<true>(row, weight, least, grad_mu.row(r), grad_log_variance.row(r))
                   : row_backward<false>(row, weight, least, grad_mu.row(r), grad_log_variance.row(r));
    }
  });
}
SPARCELL_INSTANTIATE(cpu::reparameterize_backward);

}  // namespace sparcell
