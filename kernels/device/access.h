// Loads and stores of device memory. Kernels use these for the memory they stream over and for shared memory
// in hot loops: the emulation (tests/cuda_on_host) records every access that goes through them, and the
// memory report is made of that.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>
#include <span>
#include <type_traits>

#ifndef SPARCELL_RECORD_READ  // the emulation defines both
#define SPARCELL_RECORD_READ(pointer, bytes)
#define SPARCELL_RECORD_WRITE(pointer, bytes)
#endif

namespace sparcell::device {

/// N neighbouring elements that are read or written at once.
template <class T, int N>
struct alignas(sizeof(T) * N) Vector {
  T element[N];

  __device__ __forceinline__ T& operator[](int i) { return element[i]; }
  __device__ __forceinline__ const T& operator[](int i) const { return element[i]; }
};

/// As many elements as the widest access takes: 16 bytes.
template <class T>
inline constexpr int widest = 16 / sizeof(T);

template <class T>
__device__ __forceinline__ T load(const T* from) {
  SPARCELL_RECORD_READ(from, sizeof(T));
  return *from;
}

template <class T>
__device__ __forceinline__ void store(T* to, T value) {
  SPARCELL_RECORD_WRITE(to, sizeof(T));
  *to = value;
}

/// Requires: `from` is aligned to N elements.
template <int N, class T>
__device__ __forceinline__ Vector<T, N> load_vector(const T* from) {
  return load(reinterpret_cast<const Vector<T, N>*>(from));
}

/// Requires: `to` is aligned to N elements.
template <int N, class T>
__device__ __forceinline__ void store_vector(T* to, const Vector<T, N>& value) {
  store(reinterpret_cast<Vector<T, N>*>(to), value);
}

/// The same where `to` lies in device memory: one store. Of four floats that it knows one by one the compiler
/// makes four, each of a quarter of every sector.
template <int N, class T>
__device__ __forceinline__ void store_global_vector(T* to, const Vector<T, N>& value) {
#ifdef __CUDA_ARCH__
  if constexpr (N == 4 && std::is_same_v<T, float>) {
    asm volatile("st.global.v4.f32 [%0], {%1, %2, %3, %4};" ::"l"(__cvta_generic_to_global(to)),
                 "f"(value[0]), "f"(value[1]), "f"(value[2]), "f"(value[3])
                 : "memory");
    return;
  }
#endif
  store_vector(to, value);
}

/// The first `count` of N neighbouring elements, 0 in place of the others. Where `width` is N `from` is
/// aligned to N and count is 0 or N (aligned_rows), so that loads stand side by side without branches in
/// between; where it is 1, any.
template <int width, int N, class T>
__device__ __forceinline__ Vector<T, N> load_part(const T* from, int count) {
  static_assert(width == 1 || width == N);
  Vector<T, N> out{};
  if constexpr (width == N) {
    if (count > 0) out = load_vector<N>(from);
  } else {
#pragma unroll
    for (int k = 0; k < N; ++k) out[k] = k < count ? load(from + k) : T(0);
  }
  return out;
}

/// Writes the first `count` elements of `value` to device memory, in the same manner.
template <int width, int N, class T>
__device__ __forceinline__ void store_part(T* to, const Vector<T, N>& value, int count) {
  static_assert(width == 1 || width == N);
  if constexpr (width == N) {
    if (count > 0) store_global_vector(to, value);
  } else {
#pragma unroll
    for (int k = 0; k < N; ++k) {
      if (k < count) store(to + k, value[k]);
    }
  }
}

/// Where a span begins; null where it is empty. For launchers: kernels take spans as pointers.
template <class T>
T* data_or_null(std::span<T> span) {
  return span.empty() ? nullptr : span.data();
}

/// Whether a pointer is aligned to N elements. For launchers, which choose between kernels of different
/// widths.
template <int N, class T>
__host__ __device__ __forceinline__ bool aligned(const T* pointer) {
  return reinterpret_cast<std::uintptr_t>(pointer) % (sizeof(T) * N) == 0;
}
/// Whether a matrix consists of N elements that are aligned to N.
template <int N, class View>
__host__ __forceinline__ bool aligned_rows(const View& matrix) {
  return aligned<N>(matrix.data) && matrix.stride % N == 0 && matrix.cols % N == 0;
}

/// Calls use(width) with the constant that kernels of load_part and store_part are instantiated with: N where
/// memory is aligned, else 1.
template <int N, class Use>
void with_width(bool aligned, Use&& use) {
  if (aligned) {
    use(std::integral_constant<int, N>{});
  } else {
    use(std::integral_constant<int, 1>{});
  }
}

/// How `count` elements from `first` on are cut for loads of N: [0, head) one by one until memory is aligned,
/// then `vectors` vectors, then [tail, count) one by one.
template <int N>
struct Cut {
  std::int64_t head, vectors, tail;

  template <class T>
  __device__ __forceinline__ Cut(const T* first, std::int64_t count) {
    const auto misplaced = static_cast<std::int64_t>(reinterpret_cast<std::uintptr_t>(first) / sizeof(T) % N);
    head = misplaced == 0 ? 0 : N - misplaced;
    if (head > count) head = count;
    vectors = (count - head) / N;
    tail = head + vectors * N;
  }
};

}  // namespace sparcell::device
