#include "cpu/stream_words.h"

#include <algorithm>

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

SPARCELL_WIDE void fill_short_tile(const math::PhiloxStream& stream, std::uint64_t first,
                                   std::uint32_t* words) {
  fill_words<short_tile / 4>(stream, first, words);
}
SPARCELL_WIDE void fill_long_tile(const math::PhiloxStream& stream, std::uint64_t first,
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
