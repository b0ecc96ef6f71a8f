// Numbers of a simulation: one stream for each quantity, one element for each cell, gene or perturbation.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <utility>
#include <vector>

#include "math/philox.h"
#include "sparcell/core/random.h"

namespace sparcell::simulation {

enum class Quantity : std::uint32_t {
  gene_order,
  dispersion,
  loading,
  cycle,
  perturbed,
  pairs,
  strength,
  program_choice,
  own_effect,
  epistasis,
  group_size,
  cell_order,
  guide,
  guide_efficiency,
  size_factor,
  response,
  activity,
  angle,
  counts,
  mixing,
};

/// (0, 1) with 32 bits.
inline double uniform(std::uint32_t word) { return (word + 0.5) * 0x1p-32; }

/// Element i takes a Philox block of its own; `word` chooses among its four numbers. `row` separates whole
/// streams.
class Draws {
 public:
  Draws(std::int64_t seed, Quantity quantity, std::int64_t row = 0)
      : stream_(RandomStream(static_cast<std::uint64_t>(seed), Purpose::simulate,
                             static_cast<std::uint32_t>(quantity), nullptr, row)) {}

  double uniform(std::int64_t i, int word = 0) const { return simulation::uniform(block(i).word[word]); }
  double uniform(std::int64_t i, int word, double low, double high) const {
    return low + (high - low) * uniform(i, word);
  }

  /// Takes words 0 and 1, or with `pair` 1 words 2 and 3.
  double normal(std::int64_t i, int pair = 0) const {
    const math::PhiloxBlock b = block(i);
    double first, second;
    math::normal_pair<double>(b.word[2 * pair], b.word[2 * pair + 1], first, second);
    return first;
  }

  /// A random order of 0 ... n - 1.
  std::vector<std::int32_t> order(std::int64_t n) const {
    std::vector<std::pair<std::uint64_t, std::int32_t>> keys(static_cast<std::size_t>(n));
    for (std::int64_t i = 0; i < n; ++i) {
      const math::PhiloxBlock b = block(i);
      keys[i] = {static_cast<std::uint64_t>(b.word[0]) << 32 | b.word[1], static_cast<std::int32_t>(i)};
    }
    std::sort(keys.begin(), keys.end());
    std::vector<std::int32_t> result(keys.size());
    std::transform(keys.begin(), keys.end(), result.begin(), [](const auto& key) { return key.second; });
    return result;
  }

 private:
  math::PhiloxBlock block(std::int64_t i) const { return stream_.block(static_cast<std::uint64_t>(i)); }

  math::PhiloxStream stream_;
};

}  // namespace sparcell::simulation
