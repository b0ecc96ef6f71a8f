// Column selection, a warp per row: each of its 32 entries at a time asks the map whether its column stays,
// and a ballot says where it goes. Offsets are the running sum of the rows' counts, made by one block.
#include "sparcell/ops/select_columns.h"

#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"

namespace sparcell {
namespace kernels::select_columns {

using device::full_warp, device::load, device::store, device::warp_size;

constexpr int threads = 256;
constexpr int rows_per_block = threads / warp_size;
constexpr int scan_threads = 1024;

/// Calls body(row) for each row, with all lanes of one warp.
template <class Body>
__device__ __forceinline__ void for_each_row(std::int64_t rows, Body&& body) {
  const std::int64_t warps = static_cast<std::int64_t>(gridDim.x) * rows_per_block;
  for (std::int64_t r = blockIdx.x * rows_per_block + threadIdx.x / warp_size; r < rows; r += warps) body(r);
}

__global__ void __launch_bounds__(threads)
    count_selected(CsrView<const float> x, const std::int32_t* map, std::int64_t* counts) {
  const int lane = threadIdx.x % warp_size;
  for_each_row(x.rows, [&](std::int64_t r) {
    int count = 0;
    for (std::int64_t k = load(x.offsets + r) + lane; k < x.offsets[r + 1]; k += warp_size)
      count += load(map + load(x.indices + k)) >= 0;
    count = device::warp_sum(count);
    if (lane == 0) store(counts + r, static_cast<std::int64_t>(count));
  });
}

/// The running sum of the values of a block, for each thread up to and with its own.
__device__ __forceinline__ std::int64_t block_running_sum(std::int64_t value) {
  __shared__ std::int64_t totals[scan_threads / warp_size];
  const int lane = threadIdx.x % warp_size, warp = threadIdx.x / warp_size;
#pragma unroll
  for (int distance = 1; distance < warp_size; distance *= 2) {
    const long long before = __shfl_up_sync(full_warp, static_cast<long long>(value), distance);
    if (lane >= distance) value += before;
  }
  if (lane == warp_size - 1) totals[warp] = value;
  __syncthreads();
  for (int w = 0; w < warp; ++w) value += totals[w];
  __syncthreads();
  return value;
}

/// In place: offsets[r + 1] becomes the sum of counts 0 ... r, which stand in offsets + 1; offsets[0] becomes
/// 0.
__global__ void __launch_bounds__(scan_threads) running_sum(std::int64_t rows, std::int64_t* offsets) {
  __shared__ std::int64_t chunk_total;
  std::int64_t before = 0;
  if (threadIdx.x == 0) offsets[0] = 0;
  for (std::int64_t first = 0; first < rows; first += scan_threads) {
    const std::int64_t r = first + threadIdx.x;
    const std::int64_t sum = block_running_sum(r < rows ? load(offsets + 1 + r) : 0);
    if (r < rows) store(offsets + 1 + r, before + sum);
    if (threadIdx.x == scan_threads - 1) chunk_total = sum;
    __syncthreads();
    before += chunk_total;
    __syncthreads();
  }
}

__global__ void __launch_bounds__(threads)
    select_columns(CsrView<const float> x, const std::int32_t* map, const std::int64_t* offsets,
                   std::int32_t* indices, float* values) {
  const int lane = threadIdx.x % warp_size;
  for_each_row(x.rows, [&](std::int64_t r) {
    std::int64_t to = load(offsets + r);
    const std::int64_t end = load(x.offsets + r + 1);
    for (std::int64_t first = load(x.offsets + r); first < end; first += warp_size) {
      const std::int64_t k = first + lane;
      const std::int32_t column = k < end ? load(map + load(x.indices + k)) : -1;
      const unsigned staying = __ballot_sync(full_warp, column >= 0);
      if (column >= 0) {
        const std::int64_t place = to + __popc(staying & ((1u << lane) - 1));
        store(indices + place, column);
        store(values + place, load(x.values + k));
      }
      to += __popc(staying);
    }
  });
}

}  // namespace kernels::select_columns

template <class T>
void cuda::selected_offsets(Context& context, CsrView<const T> x, std::span<const std::int32_t> map,
                            std::span<std::int64_t> offsets) {
  using namespace kernels::select_columns;
  const cudaStream_t stream = device::stream_of(context);
  device::launch(count_selected,
                 {.grid = device::blocks_for(x.rows, rows_per_block), .block = threads, .stream = stream}, x,
                 map.data(), offsets.data() + 1);
  device::launch(running_sum, {.block = scan_threads, .stream = stream}, x.rows, offsets.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::selected_offsets);

template <class T>
void cuda::select_columns(Context& context, CsrView<const T> x, std::span<const std::int32_t> map,
                          std::span<const std::int64_t> offsets, std::span<std::int32_t> indices,
                          std::span<T> values) {
  using namespace kernels::select_columns;
  device::launch(kernels::select_columns::select_columns,
                 {.grid = device::blocks_for(x.rows, rows_per_block),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 x, map.data(), offsets.data(), indices.data(), values.data());
}
SPARCELL_INSTANTIATE_CUDA(cuda::select_columns);

}  // namespace sparcell
