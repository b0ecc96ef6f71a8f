// What a stream draws, for many neighbouring elements side by side: so the loops vectorize.
#pragma once

#include <cstdint>

#include "math/philox.h"

namespace sparcell::cpu {

/// Elements that are drawn at once: rounds of Philox follow each other, and with more blocks in each the
/// processor waits less.
inline constexpr std::int64_t short_tile = 64, long_tile = 256;

/// Words of the stream's Philox blocks first ... first + count / 4 - 1; count is one of the tiles.
template <std::int64_t count>
void philox_words(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words);
template <>
void philox_words<short_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words);
template <>
void philox_words<long_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words);

/// Words first ... first + count - 1 of a stream.
template <std::int64_t count>
class StreamWords {
 public:
  StreamWords(const math::PhiloxStream& stream, std::uint64_t first) : skipped_(first % 4) {
    philox_words<count>(stream, first / 4, words_);
    if (skipped_ == 0) return;
    const math::PhiloxBlock last = stream.block(first / 4 + count / 4);
    for (int lane = 0; lane < 4; ++lane) words_[count + lane] = last.word[lane];
  }
  const std::uint32_t* begin() const { return words_ + skipped_; }

 private:
  std::uint64_t skipped_;
  std::uint32_t words_[count + 4];
};

/// Standard normals first ... first + count - 1 of a stream.
template <class T>
void draw_normals(const math::PhiloxStream& stream, std::uint64_t first, std::int64_t count, T* normals);

}  // namespace sparcell::cpu
