// Test cells of perturbations that no training cell has: other cells than models were trained on.
#pragma once

#include <cstdint>
#include <string>

#include "sparcell/core/dataset.h"
#include "sparcell/split.h"

namespace sparcell {

struct HeldOut {
  std::int64_t perturbations = 0;  ///< that test cells have and no training cell
  std::int64_t test_cells = 0;     ///< of these
  std::int64_t of_test_cells = 0;  ///< all of them
};

/// Controls are not counted, nor cells without a label.
HeldOut held_out_in(const Perturbations& perturbations, const Split& split);

/// What verdicts over such cells say and do not say; empty where there are none.
std::string held_out_sentence(const HeldOut& held);

}  // namespace sparcell
