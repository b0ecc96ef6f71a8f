// Counts of a cell as if each were 0, which most are.
#pragma once

#include <cstdint>

namespace sparcell::cpu {

/// What the entries of a cell are made from, and where their losses and `scale` times their derivatives go.
template <class T>
struct CellEntries {
  std::int64_t genes;
  const T *log_rate, *gate, *dispersion, *by_dispersion, *inside;
  T shift;        ///< of log rates
  const T* rate;  ///< of whose multiples the means are; null: they are exponentials of log rates
  T rate_factor;
  T scale;
  T *loss, *by_log_mean, *by_gate, *by_log_dispersion;
};

/// math::loss_of_zero of each; `gate` says whether there are gates.
void all_as_zero(const CellEntries<float>& cell, bool gate);
void all_as_zero(const CellEntries<double>& cell, bool gate);

/// The sum of `genes` numbers.
double sum_over_genes(const float* x, std::int64_t genes);
double sum_over_genes(const double* x, std::int64_t genes);

}  // namespace sparcell::cpu
