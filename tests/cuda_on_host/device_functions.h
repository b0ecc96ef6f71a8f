// Device functions of CUDA: barriers, warp operations, atomics, intrinsics. Included by device_language.h.
#pragma once

inline void __syncthreads(cuda_on_host::Where where = cuda_on_host::Where::current()) {
  int count = 0;
  cuda_on_host::block_barrier(count, false, where);
}
inline int __syncthreads_count(int vote, cuda_on_host::Where where = cuda_on_host::Where::current()) {
  int count = 0;
  cuda_on_host::block_barrier(count, vote != 0, where);
  return count;
}
inline int __syncthreads_or(int vote, cuda_on_host::Where where = cuda_on_host::Where::current()) {
  return __syncthreads_count(vote, where) > 0;
}
inline int __syncthreads_and(int vote, cuda_on_host::Where where = cuda_on_host::Where::current()) {
  return __syncthreads_count(vote == 0, where) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu,
                       cuda_on_host::Where where = cuda_on_host::Where::current()) {
  cuda_on_host::warp_barrier(mask, where);
}
inline void __threadfence() { cuda_on_host::fence(); }
inline void __threadfence_block() { cuda_on_host::fence(); }

namespace cuda_on_host {

template <class T>
T shuffle(const char* operation, unsigned mask, T value, int source, Where where) {
  static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8);
  T out;
  warp_exchange(operation, mask, &value, sizeof(T), source, &out, where);
  return out;
}

/// The part of the warp that shuffles of `width` lanes stay in.
inline int segment(int width) { return lane() & ~(width - 1); }

}  // namespace cuda_on_host

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = 32,
              cuda_on_host::Where where = cuda_on_host::Where::current()) {
  using namespace cuda_on_host;
  return shuffle("__shfl_sync", mask, value, segment(width) + (source & (width - 1)), where);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int bits, int width = 32,
                  cuda_on_host::Where where = cuda_on_host::Where::current()) {
  using namespace cuda_on_host;
  const int source = lane() ^ bits;
  return shuffle("__shfl_xor_sync", mask, value, source < segment(width) + width ? source : lane(), where);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned distance, int width = 32,
                   cuda_on_host::Where where = cuda_on_host::Where::current()) {
  using namespace cuda_on_host;
  const int source = lane() + static_cast<int>(distance);
  return shuffle("__shfl_down_sync", mask, value, source < segment(width) + width ? source : lane(), where);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned distance, int width = 32,
                 cuda_on_host::Where where = cuda_on_host::Where::current()) {
  using namespace cuda_on_host;
  const int source = lane() - static_cast<int>(distance);
  return shuffle("__shfl_up_sync", mask, value, source >= segment(width) ? source : lane(), where);
}
inline unsigned __ballot_sync(unsigned mask, int vote,
                              cuda_on_host::Where where = cuda_on_host::Where::current()) {
  return cuda_on_host::warp_vote("__ballot_sync", mask, vote != 0, where);
}
inline int __any_sync(unsigned mask, int vote, cuda_on_host::Where where = cuda_on_host::Where::current()) {
  return cuda_on_host::warp_vote("__any_sync", mask, vote != 0, where) != 0;
}
inline int __all_sync(unsigned mask, int vote, cuda_on_host::Where where = cuda_on_host::Where::current()) {
  return cuda_on_host::warp_vote("__all_sync", mask, vote != 0, where) == mask;
}
inline unsigned __activemask() { return cuda_on_host::active_lanes(); }

namespace cuda_on_host {

/// *address = change(*address); the old value. No fiber switch lies between, so it is atomic here.
template <class T, class Change>
__attribute__((no_sanitize("thread"))) T read_modify_write(T* address, Change change, Where where) {
  begin_atomic(address, sizeof(T), where);
  T old;
  __builtin_memcpy(&old, address, sizeof(T));
  const T changed = change(old);
  __builtin_memcpy(address, &changed, sizeof(T));
  return old;
}

}  // namespace cuda_on_host

#define CUDA_ON_HOST_ATOMIC(name, type, changed)                                                            \
  inline type name(type* address, type value, cuda_on_host::Where where = cuda_on_host::Where::current()) { \
    return cuda_on_host::read_modify_write(                                                                 \
        address, [value](type old) -> type { return changed; }, where);                                     \
  }
#define CUDA_ON_HOST_INTEGER_ATOMIC(name, changed) \
  CUDA_ON_HOST_ATOMIC(name, int, changed)          \
  CUDA_ON_HOST_ATOMIC(name, unsigned, changed)     \
  CUDA_ON_HOST_ATOMIC(name, unsigned long long, changed)

CUDA_ON_HOST_INTEGER_ATOMIC(atomicAdd, old + value)
CUDA_ON_HOST_INTEGER_ATOMIC(atomicMax, old > value ? old : value)
CUDA_ON_HOST_INTEGER_ATOMIC(atomicMin, old < value ? old : value)
CUDA_ON_HOST_INTEGER_ATOMIC(atomicOr, old | value)
CUDA_ON_HOST_INTEGER_ATOMIC(atomicAnd, old& value)
CUDA_ON_HOST_INTEGER_ATOMIC(atomicExch, (static_cast<void>(old), value))
CUDA_ON_HOST_ATOMIC(atomicInc, unsigned, old >= value ? 0 : old + 1)
#undef CUDA_ON_HOST_INTEGER_ATOMIC
#undef CUDA_ON_HOST_ATOMIC

template <class T>
T atomicCAS(T* address, T expected, T value, cuda_on_host::Where where = cuda_on_host::Where::current()) {
  return cuda_on_host::read_modify_write(
      address, [&](T old) { return old == expected ? value : old; }, where);
}

template <class T>
T __ldg(const T* from) {
  return *from;
}
template <class T>
T __ldcs(const T* from) {
  return *from;
}
template <class T>
void __stcs(T* to, T value) {
  *to = value;
}

inline float __fmaf_rn(float a, float b, float c) { return __builtin_fmaf(a, b, c); }
inline double __fma_rn(double a, double b, double c) { return __builtin_fma(a, b, c); }
inline float __fsqrt_rn(float x) { return __builtin_sqrtf(x); }
inline float __fdividef(float a, float b) { return a / b; }
inline float rsqrtf(float x) { return 1.0f / __builtin_sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / __builtin_sqrt(x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline unsigned __float_as_uint(float x) { return __builtin_bit_cast(unsigned, x); }
inline int __float_as_int(float x) { return __builtin_bit_cast(int, x); }
inline float __uint_as_float(unsigned x) { return __builtin_bit_cast(float, x); }
inline float __int_as_float(int x) { return __builtin_bit_cast(float, x); }
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(a) * b) >> 32);
}
