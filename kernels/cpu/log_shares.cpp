#include "sparcell/ops/log_shares.h"

#include <cmath>
#include <vector>

#include "cpu/share_rows.h"
#include "cpu/wide.h"
#include "math/elementary.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

template <class T>
inline __attribute__((always_inline)) void row_to_exponentials(const T* log_shares, std::int64_t count,
                                                               T log_total, T* exponentials) {
#pragma GCC ivdep
  for (std::int64_t g = 0; g < count; ++g) exponentials[g] = math::exp_of_negative(log_shares[g] - log_total);
}
SPARCELL_WIDE void to_exponentials(const float* log_shares, std::int64_t count, double log_total,
                                   float* exponentials) {
  row_to_exponentials(log_shares, count, static_cast<float>(log_total), exponentials);
}
void to_exponentials(const double* log_shares, std::int64_t count, double log_total, double* exponentials) {
  row_to_exponentials(log_shares, count, log_total, exponentials);
}

/// Calls body(r, room for a row) for every row.
template <class T, class Body>
void for_each_row(Context& context, std::int64_t rows, std::int64_t cols, Body&& body) {
  parallel_parts(context.threads(), rows, 4, [&](std::int64_t first, std::int64_t last, int) {
    static thread_local std::vector<T> room;
    room.resize(static_cast<std::size_t>(cols));
    for (std::int64_t r = first; r < last; ++r) body(r, room.data());
  });
}

}  // namespace

template <class T>
void cpu::log_shares(Context& context, double total, MatrixView<T> x) {
  const double log_total = std::log(total);
  for_each_row<T>(context, x.rows, x.cols, [&](std::int64_t r, T* exponentials) {
    T* const row = x.row(r);
    const auto shift = static_cast<T>(log_total - exponentials_of_logits(row, x.cols, exponentials).log_all);
    for (std::int64_t g = 0; g < x.cols; ++g) row[g] += shift;
  });
}
SPARCELL_INSTANTIATE(cpu::log_shares);

template <class T>
void cpu::log_shares_backward(Context& context, double total, MatrixView<const T> log_shares,
                              MatrixView<T> grad) {
  const double log_total = std::log(total);
  for_each_row<T>(context, grad.rows, grad.cols, [&](std::int64_t r, T* exponentials) {
    to_exponentials(log_shares.row(r), grad.cols, log_total, exponentials);
    from_log_shares(exponentials, 1, grad.cols, grad.row(r));
  });
}
SPARCELL_INSTANTIATE(cpu::log_shares_backward);

}  // namespace sparcell
