// The way of a block's four features from a weight to shared memory.
#pragma once

#include <type_traits>

#include "cuda/linear_slab.h"

namespace sparcell::kernels::linear {

constexpr unsigned stage_ahead = 1;  // vectors of a weight that a thread fetches beside its rows
constexpr unsigned genes_ahead = 4;  // where it has no rows to fetch

/// What the features are in the weight: rows (forward) or columns (back). The other side are the terms.
enum class Features { are_rows, are_columns };

/// The block's features of a weight on their way to shared memory. A thread's first `ahead` vectors are
/// fetched where this is made and stored by put(), so that other loads may stand between: without a loop,
/// behind which the compiler would move them. Further vectors, of which small products have none, come first.
/// Where Out is float, staged[c * padded(terms) + k] is term k of feature c, 0 behind the last one; where it
/// is Four, staged[k] is term k of the four features.
template <Features features, int width, unsigned ahead, class Out>
class Stage {
 public:
  __device__ __forceinline__ Stage(const MatrixView<const float>& weight, int terms, Out* staged)
      : weight_(weight), own_(device::columns_at(blockIdx.x, weight.cols)), terms_(terms), staged_(staged) {
    static_assert(features == Features::are_columns || !together);
#pragma unroll 1
    for (unsigned first = threadIdx.x + ahead * blockDim.x; first < vectors(); first += ahead * blockDim.x) {
      fetch(first);
      put(first);
    }
    fetch(threadIdx.x);
  }
  /// A barrier must follow. All lanes of a warp call it.
  __device__ __forceinline__ void put() const {
    __syncwarp();  // for the compiler, which moves loads that stand before it behind the stores otherwise
    put(threadIdx.x);
  }

 private:
  // Where features are rows warps take turns at the four, so that none waits for another and their places are
  // found without a division.
  static constexpr unsigned turn = columns * warp_size;
  static constexpr bool together = std::is_same_v<Out, Four>;
  __device__ __forceinline__ static int feature(unsigned i) {
    return static_cast<int>(i / warp_size % columns);
  }
  __device__ __forceinline__ static int term(unsigned i) {
    return static_cast<int>(i / turn * warp_size + i % warp_size) * columns;
  }
  __device__ __forceinline__ unsigned vectors() const {
    const auto stride = static_cast<unsigned>(together ? terms_ : padded(terms_));
    return features == Features::are_rows ? (stride / columns + warp_size - 1) / warp_size * turn : stride;
  }

  /// Vector i; zeros where there is none.
  __device__ __forceinline__ Four vector(unsigned i) const {
    if constexpr (features == Features::are_rows) {
      const std::int64_t row = static_cast<std::int64_t>(blockIdx.x) * columns + feature(i);
      const int left = terms_ - term(i);
      const bool there = row < weight_.rows && left > 0;
      return device::load_part<width, columns>(weight_.row(there ? row : 0) + term(i),
                                               there ? (left < columns ? left : columns) : 0);
    } else {
      const bool there = i < static_cast<unsigned>(terms_);
      return device::load_part<width, columns>(weight_.row(there ? i : 0) + own_.column,
                                               there ? own_.count : 0);
    }
  }
  __device__ __forceinline__ void fetch(unsigned first) {
#pragma unroll
    for (unsigned u = 0; u < ahead; ++u) values_[u] = vector(first + u * blockDim.x);
  }
  __device__ __forceinline__ void put(unsigned first) const {
    const int stride = padded(terms_);
#pragma unroll
    for (unsigned u = 0; u < ahead; ++u) {
      const unsigned i = first + u * blockDim.x;
      if constexpr (features == Features::are_rows) {
        if (term(i) < stride) device::store_vector(staged_ + feature(i) * stride + term(i), values_[u]);
      } else if constexpr (together) {
        if (i < static_cast<unsigned>(terms_)) store(staged_ + i, values_[u]);
      } else {
        float* const to = staged_ + i;
#pragma unroll
        for (int c = 0; c < columns; ++c) {
          if (i < static_cast<unsigned>(stride)) store(to + c * stride, values_[u][c]);
        }
      }
    }
  }

  MatrixView<const float> weight_;
  device::Columns own_;
  int terms_;
  Out* staged_;
  Four values_[ahead];
};

}  // namespace sparcell::kernels::linear
