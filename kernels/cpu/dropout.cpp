#include "cpu/dropout.h"

#include "cpu/wide.h"

namespace sparcell::cpu {

// math::philox for many blocks side by side, spelled out in scalars so that the loops vectorize.
SPARCELL_WIDE
void philox_words(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words) {
  std::uint32_t c0[keep_blocks], c1[keep_blocks], c2[keep_blocks], c3[keep_blocks];
  for (int b = 0; b < keep_blocks; ++b) {
    const std::uint64_t block = first + static_cast<std::uint64_t>(b);
    c0[b] = static_cast<std::uint32_t>(block);
    c1[b] = static_cast<std::uint32_t>(block >> 32) | stream.code << 16;
    c2[b] = stream.step0;
    c3[b] = stream.step1;
  }
  std::uint32_t key0 = stream.key0, key1 = stream.key1;
  for (int round = 0; round < math::philox_rounds; ++round) {
#pragma GCC unroll 1  // unrolled it would not be vectorized
    for (int b = 0; b < keep_blocks; ++b) {
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
  for (int b = 0; b < keep_blocks; ++b) {
    words[4 * b] = c0[b];
    words[4 * b + 1] = c1[b];
    words[4 * b + 2] = c2[b];
    words[4 * b + 3] = c3[b];
  }
}

}  // namespace sparcell::cpu
