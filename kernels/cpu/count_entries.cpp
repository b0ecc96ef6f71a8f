#include "cpu/count_entries.h"

#include <algorithm>
#include <cstring>

#include "cpu/wide.h"
#include "math/count_loss.h"

namespace sparcell::cpu {
namespace {

constexpr std::int64_t tile = 64;

using Four __attribute__((vector_size(32))) = double;
using Eight __attribute__((vector_size(64))) = double;

/// Counts with what their terms are made of. f64: their terms are large.
struct Tile {
  double count[tile], mean[tile], dispersion[tile], probability[tile], rising[tile], slope[tile];

  math::CountTerms few(std::int64_t i) const {
    return math::FewCounts<>{probability[i], rising[i], slope[i]}.terms(count[i], mean[i], dispersion[i]);
  }
  math::CountTerms any(std::int64_t i) const {
    return math::negative_binomial_rest(count[i], mean[i], dispersion[i]);
  }
};

/// The products of small counts: as many factors as the largest of those in one register has, which stay in
/// registers. Larger counts get something.
template <class Lanes>
inline __attribute__((always_inline)) void multiply_factors(Tile& of, std::int64_t size) {
  constexpr auto lanes = static_cast<std::int64_t>(sizeof(Lanes) / sizeof(double));
  std::int32_t factors[tile / lanes];  // known before a register's turn, so that the processor need not guess
  for (std::int64_t first = 0; first < size; first += lanes) {
    const double largest = *std::max_element(of.count + first, of.count + first + lanes);
    factors[first / lanes] = static_cast<std::int32_t>(std::min(largest, math::gamma::few_counts));
  }
  for (std::int64_t first = 0; first < size; first += lanes) {
    Lanes count, t, m;
    std::memcpy(&count, of.count + first, sizeof count);
    std::memcpy(&t, of.dispersion + first, sizeof t);
    std::memcpy(&m, of.mean + first, sizeof m);
    const Lanes share = m / (t + m);
    math::FewCounts<Lanes> few;
    for (std::int32_t j = 0; j < factors[first / lanes]; ++j)
      few.take(count > static_cast<double>(j), j, t, share);
    std::memcpy(of.probability + first, &few.probability, sizeof few.probability);
    std::memcpy(of.rising + first, &few.rising, sizeof few.rising);
    std::memcpy(of.slope + first, &few.slope, sizeof few.slope);
  }
}

template <class Lanes, class T>
inline __attribute__((always_inline)) void losses_of_tile(const CountEntries<T>& all, std::int64_t first,
                                                          std::int64_t size) {
  Tile of;
  T mean_inside[tile];
  const T scale = all.scale, *const inside = all.inside + first;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) {
    const math::Bounded<T> mean = math::bounded_mean(all.log_mean[first + i]);
    of.count[i] = static_cast<double>(all.count[first + i]);
    of.mean[i] = static_cast<double>(mean.value);
    of.dispersion[i] = static_cast<double>(all.dispersion[first + i]);
    mean_inside[i] = mean.inside;
  }
  multiply_factors<Lanes>(of, size);
  double* const loss = all.loss + first;
  T *const by_log_mean = all.by_log_mean + first, *const by_log_dispersion = all.by_log_dispersion + first;
  const auto put = [&](std::int64_t i, math::CountTerms rest) {
    const math::EntryLoss<double> entry =
        math::loss_of_count(of.count[i], of.mean[i], of.dispersion[i], rest);
    loss[i] = entry.loss;
    by_log_mean[i] = scale * (mean_inside[i] * static_cast<T>(entry.by_log_mean));
    by_log_dispersion[i] = scale * (inside[i] * static_cast<T>(entry.by_log_dispersion));
  };
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) put(i, of.few(i));
  for (std::int64_t i = 0; i < size; ++i) {
    if (of.count[i] > math::gamma::few_counts) put(i, of.any(i));
  }
  if (all.logit == nullptr) return;
  const T* const logit = all.logit + first;
  T* const by_gate = all.by_gate + first;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) {
    loss[i] += static_cast<double>(math::softplus(logit[i]));
    by_gate[i] = scale * math::sigmoid(logit[i]);
  }
}

template <class Lanes, class T>
inline __attribute__((always_inline)) void in_tiles(const CountEntries<T>& entries) {
  for (std::int64_t first = 0; first < entries.size; first += tile)
    losses_of_tile<Lanes>(entries, first, std::min(tile, entries.size - first));
}

#ifdef SPARCELL_HAS_WIDE
SPARCELL_V4 void losses(const CountEntries<float>& entries) { in_tiles<Eight>(entries); }
#endif
SPARCELL_BASE void losses(const CountEntries<float>& entries) { in_tiles<Four>(entries); }

}  // namespace

void count_losses(const CountEntries<float>& entries) { losses(entries); }
void count_losses(const CountEntries<double>& entries) { in_tiles<Four>(entries); }

}  // namespace sparcell::cpu
