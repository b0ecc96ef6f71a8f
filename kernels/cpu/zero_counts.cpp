// In several loops over a few genes each, because a function's steps wait for each other: the shorter what
// one loop does to a gene, the more genes the processor is at. What lies between loops stands in the place of
// the results. (128 x 1,000 with AVX-512: exponentials in a loop of their own 232 us, in the other 256.)
#include "cpu/zero_counts.h"

#include <algorithm>

#include "cpu/reduce.h"
#include "cpu/wide.h"
#include "math/count_loss.h"

namespace sparcell::cpu {
namespace {

constexpr std::int64_t tile = 256;

// The members of a cell are read before each loop: a store may be to any of those. `mean_of(g)` is a mean.

/// Means that are exponentials, and whether they are inside their bounds.
template <class T>
inline __attribute__((always_inline)) void take_exponentials(const CellEntries<T>& cell, std::int64_t first,
                                                             std::int64_t last, T* means, T* insides) {
  const T *log_rate = cell.log_rate, shift = cell.shift;
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::Bounded<T> mean = math::bounded_mean(log_rate[g] + shift);
    means[g] = mean.value;
    insides[g] = mean.inside;
  }
}

template <class T, class MeanOf>
inline __attribute__((always_inline)) void as_zeros(const CellEntries<T>& cell, std::int64_t first,
                                                    std::int64_t last, MeanOf mean_of) {
  const T *dispersion = cell.dispersion, *by_dispersion = cell.by_dispersion, *inside = cell.inside;
  const T scale = cell.scale;
  T *loss = cell.loss, *by_log_mean = cell.by_log_mean, *by_log_dispersion = cell.by_log_dispersion;
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::Bounded<T> mean = mean_of(g);
    const T ratio = mean.value * by_dispersion[g];
    const T share = math::zero_share(mean.value, ratio), of_zero = math::zero_loss(ratio, dispersion[g]);
    by_log_mean[g] = scale * (mean.inside * share);
    by_log_dispersion[g] = scale * (inside[g] * (of_zero - share));
    loss[g] = of_zero;
  }
}

template <class T, class MeanOf>
inline __attribute__((always_inline)) void as_zeros_behind_gates(const CellEntries<T>& cell,
                                                                 std::int64_t first, std::int64_t last,
                                                                 MeanOf mean_of) {
  const T *logit = cell.gate, *dispersion = cell.dispersion, *by_dispersion = cell.by_dispersion,
          *inside = cell.inside;
  const T scale = cell.scale;
  T *loss = cell.loss, *by_log_mean = cell.by_log_mean, *by_gate = cell.by_gate,
    *by_log_dispersion = cell.by_log_dispersion;
  T of_logits[tile], of_shut[tile], means[tile], insides[tile];
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::Bounded<T> mean = mean_of(g);
    means[g - first] = mean.value;
    insides[g - first] = mean.inside;
    loss[g] = math::zero_loss(mean.value * by_dispersion[g], dispersion[g]);
  }
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const math::GateExponentials<T> e = math::gate_exponentials(loss[g], logit[g]);
    of_logits[g - first] = e.of_logit;
    of_shut[g - first] = e.of_shut;
  }
#pragma GCC ivdep
  for (std::int64_t g = first; g < last; ++g) {
    const T mean = means[g - first];
    const math::ZeroCount<T> zero{{mean, insides[g - first]}, mean * by_dispersion[g], loss[g]};
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

template <class T, class MeanOf>
inline __attribute__((always_inline)) void tile_as_zeros(const CellEntries<T>& cell, bool gate,
                                                         std::int64_t first, std::int64_t last,
                                                         MeanOf mean_of) {
  gate ? as_zeros_behind_gates(cell, first, last, mean_of) : as_zeros(cell, first, last, mean_of);
}

template <class T>
inline __attribute__((always_inline)) void in_tiles(const CellEntries<T>& cell, bool gate) {
  for (std::int64_t first = 0; first < cell.genes; first += tile) {
    const std::int64_t last = std::min(first + tile, cell.genes);
    if (cell.rate == nullptr) {
      T *const means = cell.by_log_mean, *const insides = cell.by_log_dispersion;
      take_exponentials(cell, first, last, means, insides);
      tile_as_zeros(cell, gate, first, last, [=](std::int64_t g) {
        return math::Bounded<T>{means[g], insides[g]};
      });
    } else {
      tile_as_zeros(cell, gate, first, last, [rate = cell.rate, factor = cell.rate_factor](std::int64_t g) {
        return math::mean_within_bounds(rate[g] * factor);
      });
    }
  }
}

}  // namespace

SPARCELL_WIDE void all_as_zero(const CellEntries<float>& cell, bool gate) { in_tiles(cell, gate); }
void all_as_zero(const CellEntries<double>& cell, bool gate) { in_tiles(cell, gate); }

SPARCELL_WIDE double sum_over_genes(const float* x, std::int64_t genes) { return row_sum(x, genes); }
double sum_over_genes(const double* x, std::int64_t genes) { return row_sum(x, genes); }

}  // namespace sparcell::cpu
