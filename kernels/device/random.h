// Four neighbouring elements of a stream of random numbers, the same as math/philox.h gives one by one.
#pragma once

#include <cuda_runtime.h>

#include "device/slab.h"
#include "math/philox.h"

namespace sparcell::device {

/// Elements skipped .. skipped + 3 of eight, skipped < 4, without an index that only runs know: it would send
/// the eight through local memory.
template <class T>
__device__ __forceinline__ Vector<T, 4> four_of_eight(const Vector<T, 4>& low, const Vector<T, 4>& high,
                                                      int skipped) {
  T shifted[8] = {low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3]};
#pragma unroll
  for (int distance = 1; distance <= 2; distance *= 2) {
#pragma unroll
    for (int k = 0; k + distance < 8; ++k) {
      if ((skipped & distance) != 0) shifted[k] = shifted[k + distance];
    }
  }
  return {{shifted[0], shifted[1], shifted[2], shifted[3]}};
}

/// draw(words of a block), four numbers, for the elements first .. first + 3. Rows of a multiple of four
/// elements need one block for them, others two.
template <class Draw>
__device__ __forceinline__ auto four_elements(const math::PhiloxStream& stream, std::int64_t first,
                                              Draw&& draw) {
  const auto block = static_cast<std::uint64_t>(first) / 4;
  const auto skipped = static_cast<int>(first % 4);
  auto out = draw(stream.block(block));
  if (skipped != 0) out = four_of_eight(out, draw(stream.block(block + 1)), skipped);
  return out;
}

__device__ __forceinline__ Four four_uniforms(const math::PhiloxStream& stream, std::int64_t first) {
  return four_elements(stream, first, [](const math::PhiloxBlock& block) {
    return four([&](int k) { return math::uniform<float>(block.word[k]); });
  });
}

__device__ __forceinline__ Four four_normals(const math::PhiloxStream& stream, std::int64_t first) {
  return four_elements(stream, first, [](const math::PhiloxBlock& block) {
    Four out;
#pragma unroll
    for (int k = 0; k < own_columns; k += 2)
      math::normal_pair(block.word[k], block.word[k + 1], out[k], out[k + 1]);
    return out;
  });
}

}  // namespace sparcell::device
