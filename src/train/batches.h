// How the training cells of an epoch become batches.
#pragma once

#include <cstdint>
#include <vector>

#include "sparcell/core/random.h"

namespace sparcell {

/// How many batches n cells make; a last batch of one cell joins the one before it.
std::int64_t batch_count(std::int64_t cells, std::int64_t batch);

/// A keyed permutation of the cells: sorted by their 64-bit Philox keys.
std::vector<std::int32_t> shuffled(const std::vector<std::int32_t>& cells, const RandomStream& stream);

}  // namespace sparcell
