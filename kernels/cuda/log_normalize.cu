// Library sizes and log-normalization of sparse counts: one block per row, which reads it 16 bytes at a time.
// The first row_capacity entries stay in registers between the sum and the scaling, so that a row of a usual
// cell (Norman: 3,300) is read from memory once; what is longer is read again, from the L2 cache.
#include "sparcell/ops/log_normalize.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::log_normalize {

using device::load, device::load_vector, device::store, device::store_vector;

constexpr int threads = 256;
constexpr int width = device::widest<float>;
constexpr int vectors_per_thread = 4;
constexpr std::int64_t vector_capacity = threads * vectors_per_thread;

using Vector = device::Vector<float, width>;

/// One row's entries, spread over the block's threads.
struct Row {
  float* values;
  device::Cut<width> cut;
  std::int64_t count;

  __device__ __forceinline__ Row(float* all, std::int64_t first, std::int64_t end)
      : values(all + first), cut(all + first, end - first), count(end - first) {}
  __device__ __forceinline__ float* vector(std::int64_t v) const { return values + cut.head + v * width; }
  /// Calls body(entry) for the entries before and behind the vectors.
  template <class Body>
  __device__ __forceinline__ void for_each_single(Body&& body) const {
    device::for_each_in_block(cut.head + count - cut.tail, [&](std::int64_t i) {
      body(values + (i < cut.head ? i : cut.tail + i - cut.head));
    });
  }
};

__device__ __forceinline__ double sum_of(const Vector& v) {
  double sum = 0;
#pragma unroll
  for (int k = 0; k < width; ++k) sum += static_cast<double>(v[k]);
  return sum;
}

template <bool log1p>
__device__ __forceinline__ float normalized(float value, float scale) {
  return log1p ? math::log1p(value * scale) : value * scale;
}

template <bool log1p>
__device__ __forceinline__ Vector normalized(Vector v, float scale) {
#pragma unroll
  for (int k = 0; k < width; ++k) v[k] = normalized<log1p>(v[k], scale);
  return v;
}

__global__ void __launch_bounds__(threads) row_sums(CsrView<const float> x, double* sums) {
  device::for_each_in_blocks(x.rows, [&](std::int64_t r) {
    const Row row(const_cast<float*>(x.values), load(x.offsets + r), load(x.offsets + r + 1));
    double sum = 0;
    device::for_each_in_block(row.cut.vectors,
                              [&](std::int64_t v) { sum += sum_of(load_vector<width>(row.vector(v))); });
    row.for_each_single([&](const float* entry) { sum += static_cast<double>(load(entry)); });
    sum = device::block_sum<threads>(sum);
    if (threadIdx.x == 0) store(sums + r, sum);
  });
}

template <bool log1p>
__global__ void __launch_bounds__(threads) log_normalize(CsrView<float> x, double target_sum) {
  device::for_each_in_blocks(x.rows, [&](std::int64_t r) {
    const Row row(x.values, load(x.offsets + r), load(x.offsets + r + 1));
    Vector kept[vectors_per_thread];
    double sum = 0;
#pragma unroll
    for (int k = 0; k < vectors_per_thread; ++k) {
      const std::int64_t v = threadIdx.x + k * threads;
      if (v < row.cut.vectors) kept[k] = load_vector<width>(row.vector(v));
    }
#pragma unroll
    for (int k = 0; k < vectors_per_thread; ++k) {
      if (threadIdx.x + k * threads < row.cut.vectors) sum += sum_of(kept[k]);
    }
    const std::int64_t longer = row.cut.vectors - vector_capacity;
    device::for_each_in_block(
        longer, [&](std::int64_t v) { sum += sum_of(load_vector<width>(row.vector(vector_capacity + v))); });
    row.for_each_single([&](const float* entry) { sum += static_cast<double>(load(entry)); });

    sum = device::block_sum<threads>(sum);
    if (!(sum > 0)) return;  // the same for all threads: on to the block's next row
    const auto scale = static_cast<float>(target_sum / sum);
#pragma unroll
    for (int k = 0; k < vectors_per_thread; ++k) {
      const std::int64_t v = threadIdx.x + k * threads;
      if (v < row.cut.vectors) store_vector(row.vector(v), normalized<log1p>(kept[k], scale));
    }
    device::for_each_in_block(longer, [&](std::int64_t v) {
      float* entries = row.vector(vector_capacity + v);
      store_vector(entries, normalized<log1p>(load_vector<width>(entries), scale));
    });
    row.for_each_single([&](float* entry) { store(entry, normalized<log1p>(load(entry), scale)); });
  });
}

}  // namespace kernels::log_normalize

template <class T>
void cuda::row_sums(Context& context, CsrView<const T> x, std::span<double> sums) {
  using namespace kernels::log_normalize;
  device::launch(
      kernels::log_normalize::row_sums,
      {.grid = device::blocks_for(x.rows, 1), .block = threads, .stream = device::stream_of(context)}, x,
      sums.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::row_sums);

template <class T>
void cuda::log_normalize(Context& context, CsrView<T> x, double target_sum, bool log1p) {
  using namespace kernels::log_normalize;
  device::launch(
      log1p ? kernels::log_normalize::log_normalize<true> : kernels::log_normalize::log_normalize<false>,
      {.grid = device::blocks_for(x.rows, 1), .block = threads, .stream = device::stream_of(context)}, x,
      target_sum);
}
SPARCELL_INSTANTIATE_CUDA(cuda::log_normalize);

}  // namespace sparcell
