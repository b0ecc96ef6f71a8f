#include "sparcell/ops/optimizer.h"

#include <cmath>

#include "cpu/reduce.h"
#include "cpu/wide.h"
#include "math/schedule.h"

namespace sparcell {
namespace {

/// What is alike for all parameters of a step.
template <class T>
struct AdamStep {
  T beta1, beta2, rest1, rest2;
  T step_size, root_correction, epsilon, decay, shrink;
};

/// Parameters with their gradients and moments.
template <class T>
struct Parameters {
  std::int64_t count;
  T *value, *gradient, *first, *second;
};

template <class T>
inline __attribute__((always_inline)) void adam_loop(const AdamStep<T>& of_all, const Parameters<T>& all) {
  const AdamStep<T> step = of_all;  // what is written cannot be this
  T *w = all.value, *g = all.gradient, *m = all.first, *v = all.second;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < all.count; ++i) {
    const T gradient = g[i] + step.decay * w[i];
    m[i] = step.beta1 * m[i] + step.rest1 * gradient;
    v[i] = step.beta2 * v[i] + step.rest2 * gradient * gradient;
    w[i] =
        step.shrink * w[i] - step.step_size * m[i] / (std::sqrt(v[i]) * step.root_correction + step.epsilon);
    g[i] = T(0);
  }
}
/// Roots and divisions, of which there are more at once in wide vectors, are most of it.
SPARCELL_WIDE void take_step(const AdamStep<float>& step, const Parameters<float>& all) {
  adam_loop(step, all);
}
void take_step(const AdamStep<double>& step, const Parameters<double>& all) { adam_loop(step, all); }

}  // namespace

template <class T>
void cpu::adam_step(Context& context, const OptimizerOptions& options, const T* learning_rate, Counter step,
                    std::span<T> parameters, std::span<T> gradients, std::span<T> first_moment,
                    std::span<T> second_moment) {
  const std::int64_t number = step.value() + 1;
  const double beta1 = options.betas[0], beta2 = options.betas[1], rate = static_cast<double>(*learning_rate);
  const bool decoupled = options.type == OptimizerType::adamw;
  const AdamStep<T> of_all{.beta1 = static_cast<T>(beta1),
                           .beta2 = static_cast<T>(beta2),
                           .rest1 = static_cast<T>(1 - beta1),
                           .rest2 = static_cast<T>(1 - beta2),
                           .step_size = static_cast<T>(rate / (1 - math::power(beta1, number))),
                           .root_correction = static_cast<T>(1 / std::sqrt(1 - math::power(beta2, number))),
                           .epsilon = static_cast<T>(options.epsilon),
                           .decay = decoupled ? T(0) : static_cast<T>(options.weight_decay),
                           .shrink = decoupled ? static_cast<T>(1 - rate * options.weight_decay) : T(1)};
  parallel_parts(context.threads(), static_cast<std::int64_t>(parameters.size()), 4096,
                 [&](std::int64_t first, std::int64_t last, int) {
                   take_step(of_all, {last - first, parameters.data() + first, gradients.data() + first,
                                      first_moment.data() + first, second_moment.data() + first});
                 });
}
SPARCELL_INSTANTIATE(cpu::adam_step);

template <class T>
void cpu::clip_gradients(Context& context, double max_norm, std::span<T> gradients, double* norm_sum) {
  T* g = gradients.data();
  const auto size = static_cast<std::int64_t>(gradients.size());
  const double norm =
      std::sqrt(ordered_sum(context.threads(), size, 4096, [&](std::int64_t first, std::int64_t last) {
        return lane_sum<T>(last - first, [&](std::int64_t i) { return g[first + i] * g[first + i]; });
      }));
  *norm_sum += norm;
  if (max_norm <= 0 || norm <= max_norm) return;
  const T factor = static_cast<T>(max_norm / (norm + 1e-6));
  parallel_for(context.threads(), size, 4096, [&](std::int64_t i) { g[i] *= factor; });
}
SPARCELL_INSTANTIATE(cpu::clip_gradients);

template <class T>
void cpu::moving_average(Context& context, double decay, const std::int64_t* step, std::span<const T> values,
                         std::span<T> average) {
  const double d = math::average_decay(decay, *step);
  const T kept = static_cast<T>(d), taken = static_cast<T>(1 - d);
  const T* from = values.data();
  T* to = average.data();
  parallel_parts(context.threads(), static_cast<std::int64_t>(values.size()), 4096,
                 [&](std::int64_t first, std::int64_t last, int) {
#pragma GCC ivdep
                   for (std::int64_t i = first; i < last; ++i) to[i] = kept * to[i] + taken * from[i];
                 });
}
SPARCELL_INSTANTIATE(cpu::moving_average);

}  // namespace sparcell
