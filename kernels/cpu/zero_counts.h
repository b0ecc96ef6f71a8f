// Counts of a cell as if each were 0, which most are.
#pragma once

#include <cstdint>

namespace sparcell::cpu {

/// What the entries of a cell are made from, and where their losses and `scale` times their derivatives go.
template <class T>
struct CellEntries {
  std::int64_t genes;
  const T *log_rate, *gate, *dispersion, *inside;
  T shift;  ///< of log rates
  T scale;
  T *loss, *by_log_mean, *by_gate, *by_log_dispersion;
};

/// math::loss_of_zero of each; `gate` says whether there are gates.
void all_as_zero(const CellEntries<float>& cell, bool gate);
void all_as_zero(const CellEntries<double>& cell, bool gate);

}  // namespace sparcell::cpu
