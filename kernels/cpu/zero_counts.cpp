// In several loops over a few genes each, because a function's steps wait for each other: the shorter what
// one loop does to a gene, the more genes the processor is at. What lies between loops stands in the place of
// the results. (Zen 5: 35 cycles for 16 genes, in one loop 46; behind gates 74, in two loops 112.)
#include "cpu/zero_counts.h"

#include <algorithm>

#include "cpu/wide.h"
#include "math/count_loss.h"

namespace sparcell::cpu {
namespace {

constexpr std::int64_t tile = 256;

// The members of a cell are read before each loop: a store may be to any of those.

template <class T>
inline __attribute__((always_inline)) void as_zeros(const CellEntries<T>& cell, std::int64_t first,
                                                    std::int64_t last) {
  const T *log_rate = cell.log_rate, *dispersion = cell.dispersion, *inside = cell.inside;
  const T shift = cell.shift, scale = cell.scale;
  T *loss = cell.loss, *by_log_mean = cell.by_log_mean, *by_log_dispersion = cell.by_log_dispersion;
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::Bounded<T> mean = math::bounded_mean(log_rate[g] + shift);
    const T ratio = mean.value / dispersion[g], share = math::zero_share(mean.value, ratio);
    loss[g] = ratio;
    by_log_mean[g] = scale * (mean.inside * share);
    by_log_dispersion[g] = share;
  }
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const T of_zero = math::zero_loss(loss[g], dispersion[g]);
    by_log_dispersion[g] = scale * (inside[g] * (of_zero - by_log_dispersion[g]));
    loss[g] = of_zero;
  }
}

template <class T>
inline __attribute__((always_inline)) void as_zeros_behind_gates(const CellEntries<T>& cell,
                                                                 std::int64_t first, std::int64_t last) {
  const T *log_rate = cell.log_rate, *logit = cell.gate, *dispersion = cell.dispersion, *inside = cell.inside;
  const T shift = cell.shift, scale = cell.scale;
  T *loss = cell.loss, *by_log_mean = cell.by_log_mean, *by_gate = cell.by_gate,
    *by_log_dispersion = cell.by_log_dispersion;
  T of_logits[tile], of_shut[tile];
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::Bounded<T> mean = math::bounded_mean(log_rate[g] + shift);
    by_log_mean[g] = mean.value;
    by_gate[g] = mean.inside;
    by_log_dispersion[g] = mean.value / dispersion[g];
  }
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) loss[g] = math::zero_loss(by_log_dispersion[g], dispersion[g]);
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::GateExponentials<T> e = math::gate_exponentials(loss[g], logit[g]);
    of_logits[g - first] = e.of_logit;
    of_shut[g - first] = e.of_shut;
  }
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::ZeroCount<T> zero{{by_log_mean[g], by_gate[g]}, by_log_dispersion[g], loss[g]};
    const math::GatedZero<T> gated =
        math::gated_zero(zero, inside[g], logit[g], {of_logits[g - first], of_shut[g - first]});
    loss[g] = gated.entry.loss;
    by_log_mean[g] = scale * gated.entry.by_log_mean;
    by_gate[g] = scale * gated.entry.by_gate;
    by_log_dispersion[g] = scale * gated.entry.by_log_dispersion;
    of_logits[g - first] = gated.rest;
  }
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) loss[g] += math::log1p_within(of_logits[g - first]);
}

template <class T>
inline __attribute__((always_inline)) void in_tiles(const CellEntries<T>& cell, bool gate) {
  for (std::int64_t first = 0; first < cell.genes; first += tile) {
    const std::int64_t last = std::min(first + tile, cell.genes);
    gate ? as_zeros_behind_gates(cell, first, last) : as_zeros(cell, first, last);
  }
}

}  // namespace

SPARCELL_WIDE void all_as_zero(const CellEntries<float>& cell, bool gate) { in_tiles(cell, gate); }
void all_as_zero(const CellEntries<double>& cell, bool gate) { in_tiles(cell, gate); }

}  // namespace sparcell::cpu
