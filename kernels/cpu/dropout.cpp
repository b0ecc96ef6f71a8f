#include "cpu/dropout.h"

#include "cpu/wide.h"

namespace sparcell::cpu {
namespace {

// math::philox for many blocks side by side, spelled out in scalars so that the loops vectorize.
template <int blocks>
inline __attribute__((always_inline)) void fill_words(const math::PhiloxStream& stream, std::uint64_t first,
                                                      std::uint32_t* words) {
  std::uint32_t c0[blocks], c1[blocks], c2[blocks], c3[blocks];
  for (int b = 0; b < blocks; ++b) {
    const std::uint64_t block = first + static_cast<std::uint64_t>(b);
    c0[b] = static_cast<std::uint32_t>(block);
    c1[b] = static_cast<std::uint32_t>(block >> 32) | stream.code << 16;
    c2[b] = stream.step0;
    c3[b] = stream.step1;
  }
  std::uint32_t key0 = stream.key0, key1 = stream.key1;
  for (int round = 0; round < math::philox_rounds; ++round) {
#pragma GCC unroll 1  // unrolled it would not be vectorized
    for (int b = 0; b < blocks; ++b) {
      const std::uint64_t product0 = static_cast<std::uint64_t>(math::philox_multiplier0) * c0[b];
      const std::uint64_t product1 = static_cast<std::uint64_t>(math::philox_multiplier1) * c2[b];
      c0[b] = static_cast<std::uint32_t>(product1 >> 32) ^ c1[b] ^ key0;
      c1[b] = static_cast<std::uint32_t>(product1);
      c2[b] = static_cast<std::uint32_t>(product0 >> 32) ^ c3[b] ^ key1;
      c3[b] = static_cast<std::uint32_t>(product0);
    }
    key0 += math::philox_weyl0;
    key1 += math::philox_weyl1;
  }
  for (int b = 0; b < blocks; ++b) {
    words[4 * b] = c0[b];
    words[4 * b + 1] = c1[b];
    words[4 * b + 2] = c2[b];
    words[4 * b + 3] = c3[b];
  }
}

SPARCELL_WIDE void fill_tile(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words) {
  fill_words<keep_tile / 4>(stream, first, words);
}
SPARCELL_WIDE void fill_four_tiles(const math::PhiloxStream& stream, std::uint64_t first,
                                   std::uint32_t* words) {
  fill_words<keep_tile>(stream, first, words);
}

}  // namespace

template <>
void philox_words<keep_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words) {
  fill_tile(stream, first, words);
}
template <>
void philox_words<4 * keep_tile>(const math::PhiloxStream& stream, std::uint64_t first,
                                 std::uint32_t* words) {
  fill_four_tiles(stream, first, words);
}

}  // namespace sparcell::cpu
