// Rows of a batch on a GPU.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "sparcell/ops/batch.h"

namespace sparcell::device {

/// The data set's row that is row `i` of the batch.
__device__ __forceinline__ std::int64_t row_of(const BatchRows& rows, std::int64_t i) {
  return rows.order[(rows.batch == nullptr ? 0 : *rows.batch * rows.stride) + i];
}

}  // namespace sparcell::device
