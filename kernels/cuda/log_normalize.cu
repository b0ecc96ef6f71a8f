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

using device::load, device::load_vector, device::store, device::store_global_vector;

constexpr int threads = 256;
constexpr int width = device::widest<float>;
constexpr int vectors_per_thread = 4;
constexpr std::int64_t vector_capacity = threads * vectors_per_thread;

using Vector = device::Vector<float, width>;

/// Where one row's entries lie behind its first, spread over the block's threads.
struct Row {
  device::Cut<width> cut;
  std::int64_t count;

  __device__ __forceinline__ Row(const float* first, std::int64_t count) : cut(first, count), count(count) {}
  __device__ __forceinline__ std::int64_t vector(std::int64_t v) const { return cut.head + v * width; }
  /// Calls body(entry) for the entries before and behind the vectors.
  template <class Body>
  __device__ __forceinline__ void for_each_single(Body&& body) const {
    device::for_each_in_block(cut.head + count - cut.tail,
                              [&](std::int64_t i) { body(i < cut.head ? i : cut.tail + i - cut.head); });
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
    const std::int64_t first = load(x.offsets + r);
    const float* const values = x.values + first;
    const Row row(values, load(x.offsets + r + 1) - first);
    double sum = 0;
    device::for_each_in_block(
        row.cut.vectors, [&](std::int64_t v) { sum += sum_of(load_vector<width>(values + row.vector(v))); });
    row.for_each_single([&](std::int64_t entry) { sum += static_cast<double>(load(values + entry)); });
    sum = device::block_sum<threads>(sum);
    if (threadIdx.x == 0) store(sums + r, sum);
  });
}

/// `x` and `normalized` may be the same values.
template <bool log1p>
__global__ void __launch_bounds__(threads)
    log_normalize(CsrView<const float> x, double target_sum, float* normalized_values) {
  device::for_each_in_blocks(x.rows, [&](std::int64_t r) {
    const std::int64_t first = load(x.offsets + r);
    const float* const values = x.values + first;
    float* const out = normalized_values + first;
    const Row row(values, load(x.offsets + r + 1) - first);
    Vector kept[vectors_per_thread];
    double sum = 0;
#pragma unroll
    for (int k = 0; k < vectors_per_thread; ++k) {
      const std::int64_t v = threadIdx.x + k * threads;
      if (v < row.cut.vectors) kept[k] = load_vector<width>(values + row.vector(v));
    }
#pragma unroll
    for (int k = 0; k < vectors_per_thread; ++k) {
      if (threadIdx.x + k * threads < row.cut.vectors) sum += sum_of(kept[k]);
    }
    const std::int64_t longer = row.cut.vectors - vector_capacity;
    device::for_each_in_block(longer, [&](std::int64_t v) {
      sum += sum_of(load_vector<width>(values + row.vector(vector_capacity + v)));
    });
    row.for_each_single([&](std::int64_t entry) { sum += static_cast<double>(load(values + entry)); });

    sum = device::block_sum<threads>(sum);
    const bool scaled = sum > 0;
    const auto scale = static_cast<float>(target_sum / sum);
    const auto of = [&](const auto& value) { return scaled ? normalized<log1p>(value, scale) : value; };
#pragma unroll
    for (int k = 0; k < vectors_per_thread; ++k) {
      const std::int64_t v = threadIdx.x + k * threads;
      if (v < row.cut.vectors) store_global_vector(out + row.vector(v), of(kept[k]));
    }
    device::for_each_in_block(longer, [&](std::int64_t v) {
      const std::int64_t entry = row.vector(vector_capacity + v);
      store_global_vector(out + entry, of(load_vector<width>(values + entry)));
    });
    row.for_each_single([&](std::int64_t entry) { store(out + entry, of(load(values + entry))); });
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
void cuda::log_normalize(Context& context, CsrView<const T> x, double target_sum, bool log1p,
                         std::span<T> values) {
  using namespace kernels::log_normalize;
  device::launch(
      log1p ? kernels::log_normalize::log_normalize<true> : kernels::log_normalize::log_normalize<false>,
      {.grid = device::blocks_for(x.rows, 1), .block = threads, .stream = device::stream_of(context)}, x,
      target_sum, values.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::log_normalize);

}  // namespace sparcell
