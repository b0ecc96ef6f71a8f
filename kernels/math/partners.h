// Which cell stands in for one of a batch (sparcell/ops/partners.h).
#pragma once

#include "math/philox.h"

namespace sparcell::math {

/// The number of the partner, below `count`, or negative where the cell stays itself.
SPARCELL_HD std::int64_t partner_of(const PhiloxStream& draws, std::int64_t cell, std::int64_t count,
                                    double share) {
  const double u = uniform<double>(draws.word(static_cast<std::uint64_t>(cell)));
  if (u >= share) return -1;
  const auto number = static_cast<std::int64_t>(static_cast<double>(count) * (u / share));
  return number < count ? number : count - 1;
}

}  // namespace sparcell::math
