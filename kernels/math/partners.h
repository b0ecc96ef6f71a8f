// Which cell stands in for one of a batch (sparcell/ops/partners.h).
#pragma once

#include "math/philox.h"

namespace sparcell::math {

/// draws.word(element) by selects: an index that the compiler cannot know would put the block into memory.
SPARCELL_HD std::uint32_t word_of(const PhiloxStream& draws, std::uint64_t element) {
  const PhiloxBlock block = draws.block(element / 4);
  const std::uint32_t low = element % 2 == 0 ? block.word[0] : block.word[1];
  const std::uint32_t high = element % 2 == 0 ? block.word[2] : block.word[3];
  return element % 4 < 2 ? low : high;
}

/// The number of the partner, below `count`, or negative where the cell stays itself.
SPARCELL_HD std::int64_t partner_of(const PhiloxStream& draws, std::int64_t cell, std::int64_t count,
                                    double share) {
  const double u = uniform<double>(word_of(draws, static_cast<std::uint64_t>(cell)));
  if (u >= share) return -1;
  const auto number = static_cast<std::int64_t>(static_cast<double>(count) * (u / share));
  return number < count ? number : count - 1;
}

}  // namespace sparcell::math
