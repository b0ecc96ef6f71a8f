#include "sparcell/ops/reparameterize.h"

#include <algorithm>

#include "cpu/reduce.h"
#include "math/philox.h"

namespace sparcell {
namespace {

/// Element e of a stream of normals; neighbours of a pair share their two uniforms.
template <class T>
T normal_at(const math::PhiloxStream& stream, std::uint64_t element) {
  const math::PhiloxBlock block = stream.block(element / 4);
  const auto pair = static_cast<int>(element % 4) / 2 * 2;
  T first, second;
  math::normal_pair<T>(block.word[pair], block.word[pair + 1], first, second);
  return element % 2 == 0 ? first : second;
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

}  // namespace

template <class T>
void cpu::reparameterize(Context& context, RandomStream random_stream, MatrixView<const T> mu,
                         MatrixView<const T> log_variance, Divergence divergence, const T* kl_weight,
                         double* kl, double* weighted_kl, MatrixView<T> z) {
  const math::PhiloxStream stream(random_stream);
  const double sum = ordered_sum(context.threads(), mu.rows, 8, [&](std::int64_t first, std::int64_t last) {
    double part = 0;
    for (std::int64_t r = first; r < last; ++r) {
      for (std::int64_t c = 0; c < mu.cols; ++c) {
        const T m = mu(r, c), v = log_variance(r, c), deviation = math::exp(v / T(2));
        z(r, c) = m + deviation * normal_at<T>(stream, static_cast<std::uint64_t>(r * mu.cols + c));
        part += static_cast<double>(T(1) + v - m * m - math::exp(v));
      }
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
  parallel_for(context.threads(), mu.rows, 8, [&](std::int64_t r) {
    for (std::int64_t c = 0; c < mu.cols; ++c) {
      const T v = log_variance(r, c), g = grad_z(r, c);
      const T w = least > T(0) && divergence_of(mu(r, c), v) < least ? T(0) : weight;
      const T noise = normal_at<T>(stream, static_cast<std::uint64_t>(r * mu.cols + c));
      grad_mu(r, c) = g + w * mu(r, c);
      grad_log_variance(r, c) = g * noise * math::exp(v / T(2)) / T(2) + w * (math::exp(v) - T(1)) / T(2);
    }
  });
}
SPARCELL_INSTANTIATE(cpu::reparameterize_backward);

}  // namespace sparcell
