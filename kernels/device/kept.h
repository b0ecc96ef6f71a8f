// Data that several passes of one kernel need, read once: each thread keeps its first items in dynamic shared
// memory and makes further ones again. In registers they would need unrolled loops, which cost more in
// fetched instructions than they save.
#pragma once

#include <algorithm>
#include <cstdint>

#include "device/access.h"
#include "device/launch.h"
#include "device/shared.h"
#include "device/slab.h"

namespace sparcell::device {

/// How many items of `count` Fours a thread keeps, of the `wanted` that it has.
template <int count>
int kept_items(std::int64_t wanted, int threads) {
  const std::size_t item = sizeof(Four) * count * static_cast<std::size_t>(threads);
  return static_cast<int>(std::min(wanted, static_cast<std::int64_t>(plain_shared_bytes / item)));
}
template <int count>
std::size_t kept_bytes(int items, int threads) {
  return sizeof(Four) * count * static_cast<std::size_t>(items) * static_cast<std::size_t>(threads);
}

/// The items first, first + step ... below `end` of one thread, each as make(i) gives it. A thread sees its
/// own only, so there is no barrier. What make reads may be written by the last pass, item by item.
template <int count, class Make>
class Kept {
 public:
  __device__ __forceinline__ Kept(std::int64_t first, std::int64_t step, std::int64_t end, int items,
                                  Make make)
      : first_(first), step_(step), end_(end), items_(items), make_(make) {
#pragma unroll 2
    for (int k = 0; k < items; ++k) {
      if (first + k * step >= end) break;
      const Fours<count> item = make(first + k * step);
#pragma unroll
      for (int i = 0; i < count; ++i) store(place(k, i), item.of[i]);
    }
  }

  /// Calls use(i, item) for every item.
  template <class Use>
  __device__ __forceinline__ void for_each(Use&& use) const {
    int k = 0;
#pragma unroll 1
    for (std::int64_t i = first_; i < end_; i += step_, ++k) {
      if (k < items_) {
        use(i, kept(k));
      } else {
        use(i, make_(i));
      }
    }
  }

 private:
  __device__ __forceinline__ Four* place(int k, int i) const {
    return dynamic_shared<Four>() + (k * count + i) * blockDim.x + threadIdx.x;
  }
  __device__ __forceinline__ Fours<count> kept(int k) const {
    Fours<count> item;
#pragma unroll
    for (int i = 0; i < count; ++i) item.of[i] = load(place(k, i));
    return item;
  }

  std::int64_t first_, step_, end_;
  int items_;
  Make make_;
};

/// Kept with Make deduced.
template <int count, class Make>
__device__ __forceinline__ Kept<count, Make> keep(std::int64_t first, std::int64_t step, std::int64_t end,
                                                  int items, Make make) {
  return Kept<count, Make>(first, step, end, items, make);
}

}  // namespace sparcell::device
