#include "sparcell/ops/optimizer.h"

#include <cmath>

#include "cpu/reduce.h"
#include "math/schedule.h"

namespace sparcell {

template <class T>
void cpu::adam_step(Context& context, const OptimizerOptions& options, const T* learning_rate, Counter step,
                    std::span<T> parameters, std::span<T> gradients, std::span<T> first_moment,
                    std::span<T> second_moment) {
  const std::int64_t number = step.value() + 1;
  const double beta1 = options.betas[0], beta2 = options.betas[1], rate = static_cast<double>(*learning_rate);
  const bool decoupled = options.type == OptimizerType::adamw;
  const T b1 = static_cast<T>(beta1), b2 = static_cast<T>(beta2), rest1 = static_cast<T>(1 - beta1),
          rest2 = static_cast<T>(1 - beta2);
  const T step_size = static_cast<T>(rate / (1 - math::power(beta1, number)));
  const T root_correction = static_cast<T>(1 / std::sqrt(1 - math::power(beta2, number)));
  const T epsilon = static_cast<T>(options.epsilon);
  const T decay = decoupled ? T(0) : static_cast<T>(options.weight_decay);
  const T shrink = decoupled ? static_cast<T>(1 - rate * options.weight_decay) : T(1);
  T* w = parameters.data();
  T* g = gradients.data();
  T* m = first_moment.data();
  T* v = second_moment.data();
  parallel_parts(context.threads(), static_cast<std::int64_t>(parameters.size()), 4096,
                 [&](std::int64_t first, std::int64_t last, int) {
#pragma GCC ivdep
                   for (std::int64_t i = first; i < last; ++i) {
                     const T gradient = g[i] + decay * w[i];
                     m[i] = b1 * m[i] + rest1 * gradient;
                     v[i] = b2 * v[i] + rest2 * gradient * gradient;
                     w[i] = shrink * w[i] - step_size * m[i] / (std::sqrt(v[i]) * root_correction + epsilon);
                     g[i] = T(0);
                   }
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
