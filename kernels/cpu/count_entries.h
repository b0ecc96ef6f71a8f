// Counts above zero, worked through side by side.
#pragma once

#include <cstdint>

namespace sparcell::cpu {

/// Arrays of `size` counts with their log means, gates (null: none), dispersions and whether those are inside
/// their bounds, and of what their losses and `scale` times their derivatives are.
template <class T>
struct CountEntries {
  static constexpr std::int64_t vector = 16;  ///< `size` is a multiple of this
  std::int64_t size;
  T scale;
  const T *count, *log_mean, *logit, *dispersion, *inside;
  double* loss;
  T *by_log_mean, *by_gate, *by_log_dispersion;
};

/// math::loss_of_count of each, with softplus(logit) where there are gates.
void count_losses(const CountEntries<float>& entries);
void count_losses(const CountEntries<double>& entries);

}  // namespace sparcell::cpu
