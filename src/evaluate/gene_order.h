// Every gene's own order of the cells, without writing it down.
#pragma once

#include <bit>
#include <vector>

#include "math/philox.h"

namespace sparcell {

/// Permutations of [0, cells), one for each gene: a Feistel network on the numbers below the next power of
/// four, its rounds keyed by the stream, walked until a number is below `cells` (Black and Rogaway 2002,
/// "Ciphers with arbitrary finite domains").
class GeneOrders {
 public:
  GeneOrders(std::int64_t genes, std::int64_t cells, const RandomStream& random_stream)
      : cells_(static_cast<std::uint64_t>(cells)),
        half_((std::bit_width(cells_ > 1 ? cells_ - 1 : 1) + 1) / 2),
        keys_(static_cast<std::size_t>(genes)) {
    const math::PhiloxStream stream(random_stream);
    for (std::size_t g = 0; g < keys_.size(); ++g) keys_[g] = stream.block(g);
  }

  /// Where number i of the gene's order stands; from `cells` on the numbers begin again in another order.
  std::int64_t place(std::int64_t gene, std::int64_t i) const {
    const auto number = static_cast<std::uint64_t>(i);
    const auto turn = static_cast<std::uint32_t>(number / cells_);
    std::uint64_t x = number % cells_;
    do {
      x = mixed(keys_[gene], turn, x);
    } while (x >= cells_);
    return static_cast<std::int64_t>(x);
  }

 private:
  std::uint64_t mixed(const math::PhiloxBlock& key, std::uint32_t turn, std::uint64_t x) const {
    const std::uint64_t mask = (std::uint64_t{1} << half_) - 1;
    std::uint64_t left = x >> half_, right = x & mask;
    for (const std::uint32_t round : key.word) {
      std::uint64_t f = (right + round + turn) * 0x9E3779B97F4A7C15u;
      f ^= f >> 29;
      f *= 0xBF58476D1CE4E5B9u;
      left ^= f >> 32 & mask;
      std::swap(left, right);
    }
    return left << half_ | right;
  }

  std::uint64_t cells_;
  int half_;
  std::vector<math::PhiloxBlock> keys_;
};

}  // namespace sparcell
