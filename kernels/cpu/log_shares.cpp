#include "sparcell/ops/log_shares.h"

#include <algorithm>
#include <cmath>

#include "cpu/reduce.h"
#include "cpu/wide.h"
#include "math/elementary.h"

namespace sparcell {
namespace {

/// The largest of a row and of 0, the logit of all else.
template <class T>
inline __attribute__((always_inline)) T largest_of(const T* x, std::int64_t count) {
  constexpr std::int64_t lanes = 16;
  T largest[lanes] = {};
  std::int64_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::int64_t lane = 0; lane < lanes; ++lane)
      largest[lane] = x[i + lane] > largest[lane] ? x[i + lane] : largest[lane];
  }
  for (; i < count; ++i) largest[0] = std::max(largest[0], x[i]);
  return *std::max_element(largest, largest + lanes);
}

template <class T>
inline __attribute__((always_inline)) void to_shares(T* x, std::int64_t count, double log_total) {
  const T largest = largest_of(x, count);
  const double sum =
      cpu::lane_sum<T>(count, [&](std::int64_t g) { return math::exp_of_negative(x[g] - largest); });
  const double all = std::exp(-static_cast<double>(largest)) + sum;
  const auto shift = static_cast<T>(log_total - static_cast<double>(largest) - std::log(all));
  for (std::int64_t g = 0; g < count; ++g) x[g] += shift;
}

template <class T>
inline __attribute__((always_inline)) void from_shares(const T* log_shares, T* grad, std::int64_t count,
                                                       T log_total) {
  const auto sum = static_cast<T>(cpu::lane_sum<T>(count, [&](std::int64_t g) { return grad[g]; }));
#pragma GCC ivdep
  for (std::int64_t g = 0; g < count; ++g) grad[g] -= sum * math::exp_of_negative(log_shares[g] - log_total);
}

SPARCELL_WIDE void row_to_shares(float* x, std::int64_t count, double log_total) {
  to_shares(x, count, log_total);
}
void row_to_shares(double* x, std::int64_t count, double log_total) { to_shares(x, count, log_total); }

SPARCELL_WIDE void row_from_shares(const float* log_shares, float* grad, std::int64_t count,
                                   double log_total) {
  from_shares(log_shares, grad, count, static_cast<float>(log_total));
}
void row_from_shares(const double* log_shares, double* grad, std::int64_t count, double log_total) {
  from_shares(log_shares, grad, count, log_total);
}

}  // namespace

template <class T>
void cpu::log_shares(Context& context, double total, MatrixView<T> x) {
  const double log_total = std::log(total);
  parallel_for(context.threads(), x.rows, 4,
               [&](std::int64_t r) { row_to_shares(x.row(r), x.cols, log_total); });
}
SPARCELL_INSTANTIATE(cpu::log_shares);

template <class T>
void cpu::log_shares_backward(Context& context, double total, MatrixView<const T> log_shares,
                              MatrixView<T> grad) {
  const double log_total = std::log(total);
  parallel_for(context.threads(), grad.rows, 4, [&](std::int64_t r) {
    row_from_shares(log_shares.row(r), grad.row(r), grad.cols, log_total);
  });
}
SPARCELL_INSTANTIATE(cpu::log_shares_backward);

}  // namespace sparcell
