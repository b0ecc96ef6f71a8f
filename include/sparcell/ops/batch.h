// Which rows of the data set are the batch of this step, and how their genes are standardized.
#pragma once

#include <cstdint>
#include <span>

namespace sparcell {

/// Row i of the batch is row order[*batch * stride + i] of the data set, i < count. Both pointers are device
/// memory, so that a captured run of steps moves from batch to batch by itself; a null `batch` is batch 0.
struct BatchRows {
  const std::int32_t* order = nullptr;
  const std::int64_t* batch = nullptr;
  std::int64_t stride = 0;
  std::int64_t count = 0;
};

/// A gene's values become (value - mean[g]) * inverse_scale[g]; empty: they stay as they are. Of as many
/// genes as the data has columns.
template <class T>
struct Standardization {
  std::span<const T> mean{}, inverse_scale{};
  bool empty() const { return mean.empty(); }
};

}  // namespace sparcell
