// Column selection, a warp per row: each of its 32 entries at a time asks the map whether its column stays,
// and a ballot says where it goes. Offsets are the running sum of the rows' counts, by the library.
#include "sparcell/ops/select_columns.h"

#include "cuda/ordering.h"
#include "device/access.h"
#include "device/launch.h"
#include "device/reduce.h"

namespace sparcell {
namespace kernels::select_columns {

using device::full_warp, device::load, device::store, device::warp_size;

constexpr int threads = 256;
constexpr int rows_per_block = threads / warp_size;

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
  context.memory().set_zero(offsets.data(), sizeof(std::int64_t));
  if (x.rows == 0) return;
  device::launch(count_selected,
                 {.grid = device::blocks_for(x.rows, rows_per_block),
                  .block = threads,
                  .stream = device::stream_of(context)},
                 x, map.data(), offsets.data() + 1);
  running_sum(context, offsets.data() + 1, x.rows);
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
