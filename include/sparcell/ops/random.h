// Random numbers of a stream (sparcell/core/random.h): element i of the output is element i of the stream.
#pragma once

#include "sparcell/ops/op.h"

namespace sparcell {

/// out[i] = low + (high - low) * u_i, u uniform in (0, 1).
SPARCELL_OP(fill_uniform, (Context & context, RandomStream stream, T low, T high, std::span<T> out))

/// out[i] = scale * n_i, n standard normal.
SPARCELL_OP(fill_normal, (Context & context, RandomStream stream, T scale, std::span<T> out))

/// out[i] += scale * n_i, n standard normal.
SPARCELL_OP(add_normal, (Context & context, RandomStream stream, T scale, std::span<T> out))

}  // namespace sparcell
