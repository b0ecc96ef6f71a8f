#include "cpu/share_rows.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/reduce.h"
#include "cpu/wide.h"
#include "math/elementary.h"

namespace sparcell::cpu {
namespace {

/// The largest of a row and of 0, the logit of all else. `bytes` has a register.
template <int bytes, class T>
inline __attribute__((always_inline)) T largest_of(const T* x, std::int64_t count) {
  constexpr std::int64_t lanes = bytes / sizeof(T), registers = 4;  // more than one comparison waits for
  using Lanes __attribute__((vector_size(bytes))) = T;
  Lanes largest[registers]{};
  std::int64_t i = 0;
  const auto keep_larger = [](Lanes& most, const Lanes& next) { most = next > most ? next : most; };
  const auto take = [&](Lanes& most) {
    Lanes next;
    std::memcpy(&next, x + i, sizeof next);
    keep_larger(most, next);
    i += lanes;
  };
  while (i + lanes * registers <= count) {
    for (Lanes& most : largest) take(most);
  }
  while (i + lanes <= count) take(largest[0]);
  for (std::int64_t k = 1; k < registers; ++k) keep_larger(largest[0], largest[k]);
  T of_all = 0;
  for (std::int64_t lane = 0; lane < lanes; ++lane) of_all = std::max(of_all, largest[0][lane]);
  for (; i < count; ++i) of_all = std::max(of_all, x[i]);
  return of_all;
}

template <int bytes, class T>
inline __attribute__((always_inline)) ShareSums to_exponentials(const T* x, std::int64_t count,
                                                                T* exponentials) {
  const T largest = largest_of<bytes>(x, count);
#pragma GCC ivdep
  for (std::int64_t g = 0; g < count; ++g) exponentials[g] = math::exp_of_negative(x[g] - largest);
  const double all = std::exp(-static_cast<double>(largest)) + row_sum(exponentials, count);
  return {all, static_cast<double>(largest) + std::log(all)};
}

template <class T>
inline __attribute__((always_inline)) void from_shares(const T* exponentials, double all, std::int64_t count,
                                                       T* grad) {
  const double sum = row_sum(grad, count);
  const auto part = static_cast<T>(sum / all);
#pragma GCC ivdep
  for (std::int64_t g = 0; g < count; ++g) grad[g] -= part * exponentials[g];
}

#ifdef SPARCELL_HAS_WIDE
SPARCELL_V4 ShareSums exponentials(const float* x, std::int64_t count, float* out) {
  return to_exponentials<64>(x, count, out);
}
#endif
SPARCELL_BASE ShareSums exponentials(const float* x, std::int64_t count, float* out) {
  return to_exponentials<32>(x, count, out);
}

}  // namespace

ShareSums exponentials_of_logits(const float* x, std::int64_t count, float* out) {
  return exponentials(x, count, out);
}
ShareSums exponentials_of_logits(const double* x, std::int64_t count, double* out) {
  return to_exponentials<32>(x, count, out);
}

SPARCELL_WIDE void from_log_shares(const float* exponentials, double all, std::int64_t count, float* grad) {
  from_shares(exponentials, all, count, grad);
}
void from_log_shares(const double* exponentials, double all, std::int64_t count, double* grad) {
  from_shares(exponentials, all, count, grad);
}

}  // namespace sparcell::cpu
