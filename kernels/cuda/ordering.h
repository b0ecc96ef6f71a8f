// Sorting and running sums as kernels/cuda asks for them: by Thrust (libraries/ordering.cu), or by the
// standard library where kernels run without a GPU (tests/cuda_on_host). Both give the same bits: keys and
// counts are integers.
#pragma once

#include <cstdint>

#include "sparcell/core/context.h"

namespace sparcell::cuda {

/// Queues on the context's stream: device memory in ascending order. Not for captured steps: it takes scratch
/// memory of its own, about as much as the keys have.
void sort(Context& context, std::uint64_t* keys, std::int64_t count);

/// Queues on the context's stream: values[i] becomes the sum of values[0] to values[i]. As above not for
/// captured steps.
void running_sum(Context& context, std::int64_t* values, std::int64_t count);

}  // namespace sparcell::cuda
