// Philox-4x32-10 (Salmon et al. 2011) and the numbers drawn from it; the layout of counters is in
// sparcell/core/random.h.
#pragma once

#include <cstdint>

#include "math/elementary.h"
#include "math/host_device.h"
#include "sparcell/core/random.h"

namespace sparcell::math {

struct PhiloxBlock {
  std::uint32_t word[4];
};

inline constexpr int philox_rounds = 10;
inline constexpr std::uint32_t philox_multiplier0 = 0xD2511F53u, philox_multiplier1 = 0xCD9E8D57u;
inline constexpr std::uint32_t philox_weyl0 = 0x9E3779B9u,
                               philox_weyl1 = 0xBB67AE85u;  ///< what the key grows by each round

SPARCELL_HD PhiloxBlock philox(PhiloxBlock counter, std::uint32_t key0, std::uint32_t key1) {
  for (int round = 0; round < philox_rounds; ++round) {
    const std::uint64_t product0 = static_cast<std::uint64_t>(philox_multiplier0) * counter.word[0];
    const std::uint64_t product1 = static_cast<std::uint64_t>(philox_multiplier1) * counter.word[2];
    counter = {{static_cast<std::uint32_t>(product1 >> 32) ^ counter.word[1] ^ key0,
                static_cast<std::uint32_t>(product1),
                static_cast<std::uint32_t>(product0 >> 32) ^ counter.word[3] ^ key1,
                static_cast<std::uint32_t>(product0)}};
    key0 += philox_weyl0;
    key1 += philox_weyl1;
  }
  return counter;
}

/// The key and counter of one stream at one step, with the step read once.
struct PhiloxStream {
  std::uint32_t key0, key1, code, step0, step1;

  SPARCELL_HD explicit PhiloxStream(const RandomStream& stream) {
    const auto step = static_cast<std::uint64_t>((stream.step == nullptr ? 0 : *stream.step) + stream.offset);
    key0 = static_cast<std::uint32_t>(stream.seed);
    key1 = static_cast<std::uint32_t>(stream.seed >> 32);
    code = stream.code;
    step0 = static_cast<std::uint32_t>(step);
    step1 = static_cast<std::uint32_t>(step >> 32);
  }

  /// Elements 4 * block ... 4 * block + 3.
  SPARCELL_HD PhiloxBlock block(std::uint64_t block) const {
    return philox({{static_cast<std::uint32_t>(block), static_cast<std::uint32_t>(block >> 32) | code << 16,
                    step0, step1}},
                  key0, key1);
  }

  /// By selects: an index that the compiler cannot know would put the block into memory.
  SPARCELL_HD std::uint32_t word(std::uint64_t element) const {
    const PhiloxBlock all = block(element / 4);
    const std::uint32_t low = element % 2 == 0 ? all.word[0] : all.word[1];
    const std::uint32_t high = element % 2 == 0 ? all.word[2] : all.word[3];
    return element % 4 < 2 ? low : high;
  }
};

/// (0, 1), the same number in f32 and f64.
template <class T>
SPARCELL_HD T uniform(std::uint32_t word) {
  return (static_cast<T>(word >> 9) + T(0.5)) * T(1.0 / 8388608.0);
}

/// The two normals of a pair of words.
template <class T>
SPARCELL_HD void normal_pair(std::uint32_t word0, std::uint32_t word1, T& first, T& second) {
  const T radius = square_root(T(-2) * log(uniform<T>(word0)));
  T sine, cosine;
  sincos_2pi(uniform<T>(word1), sine, cosine);
  first = radius * cosine;
  second = radius * sine;
}

}  // namespace sparcell::math
