// Dropout masks on the CPU, regenerated wherever they are needed.
#pragma once

#include <cstdint>

#include "math/philox.h"

namespace sparcell::cpu {

/// The largest number of elements that one call of fill_keep_scales makes.
inline constexpr std::int64_t keep_tile = 64;

/// Words of the stream's Philox blocks first ... first + count / 4 - 1. There are versions for a tile, and
/// for four: rounds follow each other, and with more blocks in each the processor waits less.
template <std::int64_t count>
void philox_words(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words);
template <>
void philox_words<keep_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words);
template <>
void philox_words<4 * keep_tile>(const math::PhiloxStream& stream, std::uint64_t first, std::uint32_t* words);

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
using TileWords = StreamWords<keep_tile>;

/// scales[i] = 0 where element first + i of the stream is dropped with `probability`, else 1 / (1 -
/// probability); 0 < count <= keep_tile.
template <class T>
inline void fill_keep_scales(const math::PhiloxStream& stream, std::uint64_t first, std::int64_t count,
                             T probability, T* scales) {
  const TileWords words(stream, first);
  const T kept = T(1) / (T(1) - probability);
  for (std::int64_t i = 0; i < count; ++i) {
    scales[i] = math::uniform<T>(words.begin()[i]) >= probability ? kept : T(0);
  }
}

}  // namespace sparcell::cpu
