#include "cpu/count_entries.h"

#include <algorithm>

#include "cpu/wide.h"
#include "math/count_loss.h"

namespace sparcell::cpu {
namespace {

constexpr std::int64_t tile = 64;

template <bool gate, class T>
inline __attribute__((always_inline)) void means_loop(const CountMeans<T>& all) {
  const T *log_mean = all.log_mean, *logit = all.logit;
  double* const mean = all.mean;
  T *inside = all.inside, *of_gate = all.of_gate, *by_gate = all.by_gate;
#pragma GCC ivdep
  for (std::int64_t k = 0; k < all.size; ++k) {
    const math::Bounded<T> m = math::bounded_mean(log_mean[k]);
    mean[k] = static_cast<double>(m.value);
    inside[k] = m.inside;
    if (gate) of_gate[k] = math::softplus(logit[k]), by_gate[k] = math::sigmoid(logit[k]);
  }
}

}  // namespace

SPARCELL_WIDE void count_means(const CountMeans<float>& all) {
  all.logit != nullptr ? means_loop<true>(all) : means_loop<false>(all);
}
void count_means(const CountMeans<double>& all) {
  all.logit != nullptr ? means_loop<true>(all) : means_loop<false>(all);
}

// The factors of small counts are taken turn by turn, so that the loops over counts vectorize. Larger counts
// are few: they are put right one by one.
SPARCELL_WIDE
void count_losses(const CountEntries& entries) {
  for (std::int64_t first = 0; first < entries.size; first += tile) {
    const std::int64_t size = std::min(tile, entries.size - first);
    const double *c = entries.count + first, *m = entries.mean + first, *t = entries.dispersion + first;
    double share[tile], probability[tile], rising[tile], slope[tile], largest = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      share[i] = m[i] / (t[i] + m[i]);
      probability[i] = rising[i] = 1;
      slope[i] = 0;
      largest = std::max(largest, c[i]);
    }
    for (double j = 0; j < std::min(largest, math::gamma::few_counts); ++j) {
      for (std::int64_t i = 0; i < size; ++i) {
        math::FewCounts few{probability[i], rising[i], slope[i]};
        few.take(j < c[i], j, t[i], share[i]);
        probability[i] = few.probability, rising[i] = few.rising, slope[i] = few.slope;
      }
    }
    double *loss = entries.loss + first, *by_log_mean = entries.by_log_mean + first,
           *by_log_dispersion = entries.by_log_dispersion + first;
    const auto put = [&](std::int64_t i, math::CountTerms rest) {
      const math::EntryLoss<double> entry = math::loss_of_count(c[i], m[i], t[i], rest);
      loss[i] = entry.loss, by_log_mean[i] = entry.by_log_mean;
      by_log_dispersion[i] = entry.by_log_dispersion;
    };
#pragma GCC ivdep
    for (std::int64_t i = 0; i < size; ++i)
      put(i, math::FewCounts{probability[i], rising[i], slope[i]}.terms(c[i], m[i], t[i]));
    for (std::int64_t i = 0; i < size; ++i) {
      if (c[i] > math::gamma::few_counts) put(i, math::negative_binomial_rest(c[i], m[i], t[i]));
    }
  }
}

}  // namespace sparcell::cpu
