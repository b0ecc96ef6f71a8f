// Keyed permutations: 0 ... n - 1 in the order of 64-bit Philox keys.
#pragma once

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <vector>

#include "math/philox.h"

namespace sparcell {

/// What is permuted: the index of the stream of Purpose::split.
enum class Permuted : std::uint32_t { cells = 0, perturbations = 1, genes = 2 };

/// Element i has the key made of words 2i (low) and 2i + 1 (high) of the stream; equal keys keep the order of
/// i. So an order depends on seed and n alone, on every machine.
inline std::vector<std::int32_t> permutation(std::int64_t n, std::uint64_t seed, Permuted what) {
  const math::PhiloxStream stream(RandomStream(seed, Purpose::split, static_cast<std::uint32_t>(what)));
  std::vector<std::uint64_t> keys(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) {
    const math::PhiloxBlock block = stream.block(static_cast<std::uint64_t>(i / 2));
    const int word = static_cast<int>(i % 2) * 2;
    keys[i] = block.word[word] | static_cast<std::uint64_t>(block.word[word + 1]) << 32;
  }
  std::vector<std::int32_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int32_t a, std::int32_t b) { return keys[a] < keys[b]; });
  return order;
}

}  // namespace sparcell
