// Cells that stand in for those of a batch.
#pragma once

#include "sparcell/ops/batch.h"
#include "sparcell/ops/op.h"

namespace sparcell {

/// out[i] is row_i of the batch or, where u = uniform(element i of `draws`) is below `share`, the row
/// partners[floor(size * u / share)]: drawn evenly, because u / share is uniform there. Requires: 0 <= share
/// <= 1, partners where share is not 0; out has rows.count elements.
SPARCELL_OP(draw_partners, (Context & context, BatchRows rows, std::span<const std::int32_t> partners,
                            double share, RandomStream draws, std::span<std::int32_t> out))

}  // namespace sparcell
