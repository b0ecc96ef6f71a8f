// The draws of the augmentation "mix" (sparcell/ops/mix.h).
#pragma once

#include "math/philox.h"
#include "sparcell/ops/mix.h"

namespace sparcell::math {

/// An entry's number of [0, 1) from its word: all 32 bits, because a share of it numbers a cell.
SPARCELL_HD double mixing_number(std::uint32_t word) {
  return static_cast<double>(word) * (1.0 / 4294967296.0);
}

/// Which of `cells` cells an entry that drew `number` < share looks at is number * this, rounded down.
SPARCELL_HD double mixed_cells(std::int64_t cells, double share) {
  return static_cast<double>(cells) / share;
}

/// Which of the gene's stored values such an entry takes; negative where it is a zero.
SPARCELL_HD std::int64_t mixed_from(std::int64_t first, std::int64_t end, double number, double cells) {
  const auto cell = static_cast<std::int64_t>(number * cells);
  return cell < end - first ? first + cell : -1;
}

}  // namespace sparcell::math
