#include "sparcell/ops/optimizer.h"

#include "ops/dispatch.h"

namespace sparcell {

template <class T>
void adam_step(Context& context, const OptimizerOptions& options, const T* learning_rate, Counter step,
               std::span<T> parameters, std::span<T> gradients, std::span<T> first_moment,
               std::span<T> second_moment) {
  require(parameters.size() == gradients.size() && parameters.size() == first_moment.size() &&
              parameters.size() == second_moment.size(),
          "adam_step: {} parameters, {} gradients, {} and {} moments", parameters.size(), gradients.size(),
          first_moment.size(), second_moment.size());
  require(options.betas.size() == 2, "adam_step: {} betas, expected 2", options.betas.size());
  for (double beta : options.betas) require(beta >= 0 && beta < 1, "adam_step: a beta of {}", beta);
  if (parameters.empty()) return;
  SPARCELL_DISPATCH(adam_step, context, options, learning_rate, step, parameters, gradients, first_moment,
                    second_moment);
}
SPARCELL_INSTANTIATE(adam_step);

template <class T>
void clip_gradients(Context& context, double max_norm, std::span<T> gradients, double* norm_sum) {
  require(max_norm >= 0, "clip_gradients: the largest norm is {}", max_norm);
  SPARCELL_DISPATCH(clip_gradients, context, max_norm, gradients, norm_sum);
}
SPARCELL_INSTANTIATE(clip_gradients);

template <class T>
void moving_average(Context& context, double decay, const std::int64_t* step, std::span<const T> values,
                    std::span<T> average) {
  require(values.size() == average.size(), "moving_average: {} values, {} averages", values.size(),
          average.size());
  require(decay >= 0 && decay < 1, "moving_average: a decay of {}", decay);
  if (values.empty()) return;
  SPARCELL_DISPATCH(moving_average, context, decay, step, values, average);
}
SPARCELL_INSTANTIATE(moving_average);

}  // namespace sparcell
