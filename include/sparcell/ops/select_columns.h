// Column selection of a sparse matrix, in two passes: the size of every row first, the entries after.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// Row offsets of `x` without the columns whose map entry is negative: offsets[r + 1] - offsets[r] entries of
/// row r stay, offsets[0] = 0. Requires: map has an entry for every column; offsets one for every row and one
/// more.
SPARCELL_OP(selected_offsets, (Context & context, CsrView<const T> x, std::span<const std::int32_t> map,
                               std::span<std::int64_t> offsets))

/// Writes the entries that stay, in order, with column c renumbered to map[c].
/// Requires: `offsets` from selected_offsets; entries of map that are not negative ascend (columns keep their
/// order); indices and values have offsets[rows] places.
SPARCELL_OP(select_columns,
            (Context & context, CsrView<const T> x, std::span<const std::int32_t> map,
             std::span<const std::int64_t> offsets, std::span<std::int32_t> indices, std::span<T> values))

}  // namespace sparcell
