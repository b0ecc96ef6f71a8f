#include "cpu/stream_words.h"

#include <algorithm>
#include <cstring>

#include "cpu/wide.h"
#ifdef SPARCELL_HAS_WIDE
#include <immintrin.h>
#endif

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

#ifdef SPARCELL_HAS_WIDE
/// Eight blocks in lanes of 64 bits, whose lower halves count.
using Lanes = std::uint64_t __attribute__((vector_size(64)));

/// Of the lower halves: both of the words that a round makes of one, where they are needed next.
SPARCELL_V4 inline __attribute__((always_inline)) Lanes product(std::uint64_t factor, Lanes x) {
  const Lanes factors = Lanes{} + factor;
  return reinterpret_cast<Lanes>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(factors), reinterpret_cast<__m512i>(x)));
}

/// fill_words with what AVX-512 has.
template <int blocks>
SPARCELL_V4 inline __attribute__((always_inline)) void fill_words_by_lanes(const math::PhiloxStream& stream,
                                                                           std::uint64_t first,
                                                                           std::uint32_t* words) {
  constexpr int groups = blocks / 8;
  constexpr Lanes numbers{0, 1, 2, 3, 4, 5, 6, 7}, none{};
  Lanes c0[groups], c1[groups], c2[groups], c3[groups];
#pragma GCC unroll 8
  for (int g = 0; g < groups; ++g) {
    c0[g] = numbers + (first + static_cast<std::uint64_t>(8 * g));
    c1[g] = (c0[g] >> 32) | (none + (stream.code << 16));
    c2[g] = none + stream.step0;
    c3[g] = none + stream.step1;
  }
  std::uint32_t key0 = stream.key0, key1 = stream.key1;
  for (int round = 0; round < math::philox_rounds; ++round) {
#pragma GCC unroll 8
    for (int g = 0; g < groups; ++g) {
      const Lanes product0 = product(math::philox_multiplier0, c0[g]),
                  product1 = product(math::philox_multiplier1, c2[g]);
      c0[g] = (product1 >> 32) ^ c1[g] ^ (none + key0);
      c1[g] = product1;
      c2[g] = (product0 >> 32) ^ c3[g] ^ (none + key1);
      c3[g] = product0;
    }
    key0 += math::philox_weyl0;
    key1 += math::philox_weyl1;
  }
  constexpr std::uint64_t lower = 0xFFFFFFFF;
#pragma GCC unroll 8
  for (int g = 0; g < groups; ++g) {
    const Lanes pair0 = (c0[g] & lower) | (c1[g] << 32), pair1 = (c2[g] & lower) | (c3[g] << 32);
    const Lanes of_words[] = {__builtin_shufflevector(pair0, pair1, 0, 8, 1, 9, 2, 10, 3, 11),
                              __builtin_shufflevector(pair0, pair1, 4, 12, 5, 13, 6, 14, 7, 15)};
    std::memcpy(words + 32 * g, of_words, sizeof of_words);
  }
}

SPARCELL_V4 void fill_short_tile(const math::PhiloxStream& stream, std::uint64_t first,
                                 std::uint32_t* words) {
  fill_words_by_lanes<short_tile / 4>(stream, first, words);
}
SPARCELL_V4 void fill_long_tile(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words) {
  constexpr int half = long_tile / 8;  // blocks whose words find room in registers
  fill_words_by_lanes<half>(stream, first, words);
  fill_words_by_lanes<half>(stream, first + half, words + long_tile / 2);
}
#endif

SPARCELL_BASE void fill_short_tile(const math::PhiloxStream& stream, std::uint64_t first,
                                   std::uint32_t* words) {
  fill_words<short_tile / 4>(stream, first, words);
}
SPARCELL_BASE void fill_long_tile(const math::PhiloxStream& stream, std::uint64_t first,
                                  std::uint32_t* words) {
  fill_words<long_tile / 4>(stream, first, words);
}

/// Both normals of each pair of words.
template <class T>
inline __attribute__((always_inline)) void normals_of(const std::uint32_t* words, T* normals) {
  for (std::int64_t i = 0; i < long_tile; i += 2)
    math::normal_pair<T>(words[i], words[i + 1], normals[i], normals[i + 1]);
}
SPARCELL_WIDE void normal_tile(const std::uint32_t* words, float* normals) { normals_of(words, normals); }
void normal_tile(const std::uint32_t* words, double* normals) { normals_of(words, normals); }

}  // namespace

template <>
void philox_words<short_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words) {
  fill_short_tile(stream, first, words);
}
template <>
void philox_words<long_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words) {
  fill_long_tile(stream, first, words);
}

template <class T>
void draw_normals(const math::PhiloxStream& stream, std::uint64_t first, std::int64_t count, T* normals) {
  T tile[long_tile];
  for (std::int64_t done = 0; done < count;) {
    const std::uint64_t element = first + static_cast<std::uint64_t>(done);
    const auto skipped = static_cast<std::int64_t>(element % 2);  // of a pair, whose words make both
    const StreamWords<long_tile> words(stream, element - element % 2);
    normal_tile(words.begin(), tile);
    const std::int64_t used = std::min(long_tile - skipped, count - done);
    std::copy_n(tile + skipped, used, normals + done);
    done += used;
  }
}
template void draw_normals(const math::PhiloxStream&, std::uint64_t, std::int64_t, float*);
template void draw_normals(const math::PhiloxStream&, std::uint64_t, std::int64_t, double*);

}  // namespace sparcell::cpu
