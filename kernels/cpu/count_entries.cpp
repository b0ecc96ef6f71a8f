// A tile of counts at a time, in several loops over it: small counts, which most are, in T and as many at
// once as a register holds; then the others in f64, for their terms are large.
#include "cpu/count_entries.h"

#include <algorithm>
#include <cstring>

#include "cpu/flags.h"
#include "cpu/wide.h"
#include "math/count_loss.h"

namespace sparcell::cpu {
namespace {

constexpr std::int64_t tile = 128;

template <class T, int bytes>
struct LanesOf {
  using Type __attribute__((vector_size(bytes))) = T;
};

/// What the terms of counts are made of beside them: with mean m and dispersion t also 1 / t, 1 / (t + m) and
/// products.
template <class T>
struct Tile {
  T mean[tile], mean_inside[tile], by_t[tile], by_both[tile], growth[tile], sum[tile];
};

/// (1 + j / t) / (j + 1) is at_0[j] + slope[j] / t.
template <class T>
struct Factors {
  T slope[math::gamma::small_counts] = {}, at_0[math::gamma::small_counts] = {};

  constexpr Factors() {
    for (int j = 1; j < math::gamma::small_counts; ++j) slope[j] = T(j) / T(j + 1), at_0[j] = 1 / T(j + 1);
  }
};
template <class T>
constexpr Factors<T> factor_of;

template <class T, std::int64_t lanes>
inline __attribute__((always_inline)) T largest_of(const T* x) {
  T largest[lanes];
  std::copy_n(x, lanes, largest);
  for (std::int64_t half = lanes / 2; half > 0; half /= 2) {
    for (std::int64_t i = 0; i < half; ++i) largest[i] = std::max(largest[i], largest[half + i]);
  }
  return largest[0];
}

/// As many factors as the largest small count in one register has. Larger counts get something.
template <class Lanes, class T>
inline __attribute__((always_inline)) void multiply_factors(const T* counts, std::int64_t size, Tile<T>& of) {
  constexpr auto lanes = static_cast<std::int64_t>(sizeof(Lanes) / sizeof(T));
  std::int32_t factors[tile / lanes];  // known before a register's turn, so that the processor need not guess
  for (std::int64_t first = 0; first < size; first += lanes) {
    const T largest = largest_of<T, lanes>(counts + first);
    factors[first / lanes] = static_cast<std::int32_t>(std::min(largest, T(math::gamma::small_counts)));
  }
  for (std::int64_t first = 0; first < size; first += lanes) {
    Lanes count, by_t;
    std::memcpy(&count, counts + first, sizeof count);
    std::memcpy(&by_t, of.by_t + first, sizeof by_t);
    math::SmallCounts<Lanes> products;
    for (std::int32_t j = 1; j < factors[first / lanes]; ++j)
      products.take(count > static_cast<T>(j), by_t, factor_of<T>.slope[j], factor_of<T>.at_0[j]);
    std::memcpy(of.growth + first, &products.growth, sizeof products.growth);
    std::memcpy(of.sum + first, &products.sum, sizeof products.sum);
  }
}

template <class Lanes, class T>
inline __attribute__((always_inline)) void small_count_losses(const CountEntries<T>& all, std::int64_t first,
                                                              std::int64_t size, Tile<T>& of) {
  const T scale = all.scale, *const inside = all.inside + first, *const dispersion = all.dispersion + first,
          *const count = all.count + first, *const log_mean = all.log_mean + first;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) {
    const math::Bounded<T> mean = math::bounded_mean(log_mean[i]);
    const T t = dispersion[i], both = t + mean.value, inverse = 1 / (t * both);
    of.mean[i] = mean.value, of.mean_inside[i] = mean.inside;
    of.by_t[i] = inverse * both, of.by_both[i] = inverse * t;
  }
  multiply_factors<Lanes>(count, size, of);
  double* const loss = all.loss + first;
  T *const by_log_mean = all.by_log_mean + first, *const by_log_dispersion = all.by_log_dispersion + first;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) {
    const T c = count[i], m = of.mean[i], t = dispersion[i];
    const T excess = math::log1p_within(m * of.by_t[i]), zero = t * excess;
    const T share = m * of.by_both[i], weight = t * of.by_both[i];
    const T log_share = math::bounded_log_mean(log_mean[i]) - excess;
    loss[i] = static_cast<double>(zero - (c * log_share + math::log(of.growth[i])));
    by_log_mean[i] = scale * (of.mean_inside[i] * ((m - c) * weight));
    by_log_dispersion[i] =
        scale * (inside[i] * ((zero - m * weight) + (of.sum[i] / of.growth[i] - c * share)));
  }
}

/// Puts the large counts of a tile right: four at once, for most cells have few.
template <class T>
__attribute__((noinline)) void large_count_losses(const CountEntries<T>& all, std::int64_t first,
                                                  std::int64_t size, const Tile<T>& of) {
  constexpr std::int64_t lanes = 4;
  std::uint8_t is_large[tile] = {};
  for (std::int64_t i = 0; i < size; ++i)
    is_large[i] = all.count[first + i] > T(math::gamma::small_counts) ? 1 : 0;
  std::int32_t places[tile];
  std::int64_t found = 0;
  for_each_flag<tile>(is_large, [&](std::int64_t i) { places[found++] = static_cast<std::int32_t>(i); });
  double count[tile], mean[tile], dispersion[tile], loss[tile], by_log_mean[tile], by_log_dispersion[tile];
  for (std::int64_t k = 0; k < found; ++k) {
    count[k] = static_cast<double>(all.count[first + places[k]]);
    mean[k] = static_cast<double>(of.mean[places[k]]);
    dispersion[k] = static_cast<double>(all.dispersion[first + places[k]]);
  }
  const std::int64_t filled = (found + lanes - 1) / lanes * lanes;
  for (std::int64_t k = found; k < filled; ++k) count[k] = count[k - 1], mean[k] = dispersion[k] = 1;
#pragma GCC ivdep
  for (std::int64_t k = 0; k < filled; ++k) {
    const math::EntryLoss<double> entry = math::loss_of_count(
        count[k], mean[k], dispersion[k], math::rest_of_many(count[k], mean[k], dispersion[k]));
    loss[k] = entry.loss, by_log_mean[k] = entry.by_log_mean, by_log_dispersion[k] = entry.by_log_dispersion;
  }
  for (std::int64_t k = 0; k < found; ++k) {
    const std::int64_t i = first + places[k];
    all.loss[i] = loss[k];
    all.by_log_mean[i] = all.scale * (of.mean_inside[places[k]] * static_cast<T>(by_log_mean[k]));
    all.by_log_dispersion[i] = all.scale * (all.inside[i] * static_cast<T>(by_log_dispersion[k]));
  }
}

template <class Lanes, class T>
inline __attribute__((always_inline)) void losses_of_tile(const CountEntries<T>& all, std::int64_t first,
                                                          std::int64_t size) {
  Tile<T> of;
  small_count_losses<Lanes>(all, first, size, of);
  large_count_losses(all, first, size, of);
  if (all.logit == nullptr) return;
  const T scale = all.scale, *const logit = all.logit + first;
  double* const loss = all.loss + first;
  T* const by_gate = all.by_gate + first;
#pragma GCC ivdep
  for (std::int64_t i = 0; i < size; ++i) {
    loss[i] += static_cast<double>(math::softplus(logit[i]));
    by_gate[i] = scale * math::sigmoid(logit[i]);
  }
}

template <int bytes, class T>
inline __attribute__((always_inline)) void in_tiles(const CountEntries<T>& entries) {
  for (std::int64_t first = 0; first < entries.size; first += tile)
    losses_of_tile<typename LanesOf<T, bytes>::Type>(entries, first, std::min(tile, entries.size - first));
}

#ifdef SPARCELL_HAS_WIDE
SPARCELL_V4 void losses(const CountEntries<float>& entries) { in_tiles<64>(entries); }
#endif
SPARCELL_BASE void losses(const CountEntries<float>& entries) { in_tiles<32>(entries); }

}  // namespace

void count_losses(const CountEntries<float>& entries) { losses(entries); }
void count_losses(const CountEntries<double>& entries) { in_tiles<32>(entries); }

}  // namespace sparcell::cpu
