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

/// math::loss_of_count of each.
void count_losses(const CountEntries& entries);

}  // namespace sparcell::cpu
