// Dropout masks on the CPU, regenerated wherever they are needed.
#pragma once

#include <cmath>

#include "cpu/stream_words.h"

namespace sparcell::cpu {

/// The largest number of elements that one call of fill_keep_scales makes.
inline constexpr std::int64_t keep_tile = short_tile;

/// math::uniform(word) >= probability where word >> 9 is at least this: nothing is rounded on the way to it.
template <class T>
std::int32_t least_uniform(T probability) {
  return static_cast<std::int32_t>(std::ceil(static_cast<double>(probability) * 8388608.0 - 0.5));
}

/// scales[i] = 0 where element first + i of the stream is dropped with `probability`, else 1 / (1 -
/// probability); 0 < count <= keep_tile.
template <class T>
inline void fill_keep_scales(const math::PhiloxStream& stream, std::uint64_t first, std::int64_t count,
                             T probability, T* scales) {
  const StreamWords<keep_tile> words(stream, first);
  const T kept = T(1) / (T(1) - probability);
  const std::int32_t least = least_uniform(probability);
  for (std::int64_t i = 0; i < count; ++i)
    scales[i] = static_cast<std::int32_t>(words.begin()[i] >> 9) >= least ? kept : T(0);
}

}  // namespace sparcell::cpu
