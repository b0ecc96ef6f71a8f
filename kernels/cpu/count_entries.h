// Counts above zero, worked through side by side.
#pragma once

#include <cstdint>

namespace sparcell::cpu {

/// Arrays of `size` counts with their means and dispersions, and of what their losses are.
struct CountEntries {
  std::int64_t size;
  const double *count, *mean, *dispersion;
  double *loss, *by_log_mean, *by_log_dispersion;
};

/// Arrays of `size` bounded means (math/count_loss.h), from their logarithms, and, unless `logit` is null,
/// softplus and sigmoid of the logits of gates.
template <class T>
struct CountMeans {
  std::int64_t size;
  const T *log_mean, *logit;
  double* mean;
  T *inside, *of_gate, *by_gate;
};

void count_means(const CountMeans<float>& all);
void count_means(const CountMeans<double>& all);

/// math::loss_of_count of each.
void count_losses(const CountEntries& entries);

}  // namespace sparcell::cpu
