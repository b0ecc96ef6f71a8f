#include "evaluate/count_moments.h"

#include <algorithm>
#include <cmath>

#include "math/gamma.h"
#include "sparcell/core/parallel.h"

namespace sparcell {

bool has_whole_counts(const Dataset& data) {
  return data.raw.known() && std::all_of(data.raw.values.begin(), data.raw.values.end(),
                                         [](float count) { return count == std::trunc(count); });
}

CountMoments count_moments(const Dataset& data, std::span<const std::int32_t> cells) {
  require(data.raw.known(), "moments of counts that are not known");
  const auto genes = static_cast<std::size_t>(data.gene_count());
  std::vector<double> sum(genes), squares(genes), with_library(genes);
  double library = 0, library_squares = 0;
  for (const std::int32_t cell : cells) {
    const double l = data.raw.library[cell];
    library += l;
    library_squares += l * l;
    for (std::int64_t k = data.x.offsets[cell]; k < data.x.offsets[cell + 1]; ++k) {
      const double count = data.raw.values[k];
      const std::int32_t gene = data.x.indices[k];
      sum[gene] += count;
      squares[gene] += count * count;
      with_library[gene] += count * l;
    }
  }
  CountMoments moments;
  for (std::size_t g = 0; g < genes; ++g) {
    const double rate = library > 0 ? sum[g] / library : 0;
    const double means_squared = rate * rate * library_squares;
    const double excess = squares[g] - 2 * rate * with_library[g] + means_squared - rate * library;
    moments.rate.push_back(rate);
    moments.dispersion.push_back(
        excess > 0 ? std::clamp(means_squared / excess, lowest_dispersion, highest_dispersion)
                   : highest_dispersion);
  }
  return moments;
}

std::vector<double> log_probability(const Dataset& data, std::span<const std::int32_t> cells,
                                    const CountMoments& moments, int threads) {
  std::vector<double> logs(cells.size());
  parallel_for(threads, std::ssize(cells), 16, [&](std::int64_t i) {
    const std::int32_t cell = cells[i];
    const auto mean_of = [&](std::size_t g) {
      return std::clamp(data.raw.library[cell] * moments.rate[g], lowest_count_mean, highest_count_mean);
    };
    double sum = 0;
    for (std::size_t g = 0; g < moments.rate.size(); ++g)
      sum -= math::negative_binomial_zero(mean_of(g), moments.dispersion[g]);
    for (std::int64_t k = data.x.offsets[cell]; k < data.x.offsets[cell + 1]; ++k) {
      const auto g = static_cast<std::size_t>(data.x.indices[k]);
      sum -= math::negative_binomial_rest(data.raw.values[k], mean_of(g), moments.dispersion[g]).loss;
    }
    logs[i] = sum;
  });
  return logs;
}

}  // namespace sparcell
