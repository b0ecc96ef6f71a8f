// Dropout masks on the CPU, regenerated wherever they are needed.
#pragma once

#include <cstdint>

#include "math/philox.h"

namespace sparcell::cpu {

/// The largest number of elements that one call of fill_keep_scales makes.
inline constexpr std::int64_t keep_tile = 64;

/// scales[i] = 0 where element first + i of the stream is dropped with `probability`, else 1 / (1 -
/// probability); 0 < count <= keep_tile.
template <class T>
inline void fill_keep_scales(const math::PhiloxStream& stream, std::uint64_t first, std::int64_t count,
                             T probability, T* scales) {
  constexpr int blocks = keep_tile / 4 + 1;
  std::uint32_t words[blocks * 4];
  const std::uint64_t first_block = first / 4;
  const std::int64_t skipped = static_cast<std::int64_t>(first % 4);
  const std::int64_t needed = (skipped + count + 3) / 4;
  for (std::int64_t b = 0; b < needed; ++b) {
    const math::PhiloxBlock block = stream.block(first_block + static_cast<std::uint64_t>(b));
    for (int lane = 0; lane < 4; ++lane) words[4 * b + lane] = block.word[lane];
  }
  const T kept = T(1) / (T(1) - probability);
  for (std::int64_t i = 0; i < count; ++i) {
    scales[i] = math::uniform<T>(words[skipped + i]) >= probability ? kept : T(0);
  }
}

}  // namespace sparcell::cpu
