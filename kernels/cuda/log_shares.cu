// Shares of a library: a block takes a row, which it reads from memory once.
#include "sparcell/ops/log_shares.h"

#include <cmath>

#include "device/kept.h"
#include "device/reduce.h"
#include "math/elementary.h"

namespace sparcell {
namespace kernels::log_shares {

using device::Columns, device::Four, device::four, device::Fours;

constexpr int threads = 256;
constexpr int width = device::own_columns;

__host__ __device__ __forceinline__ std::int64_t vectors_of(std::int64_t cols) {
  return (cols + width - 1) / width;
}

/// What a thread owns of a row: the first `items` of its vectors are kept.
template <int access>
__device__ __forceinline__ auto own(const float* row, std::int64_t cols, int items) {
  return device::keep<1>(threadIdx.x, threads, vectors_of(cols), items, [=](std::int64_t v) {
    return Fours<1>{{device::columns_at(v, cols).template load<access>(row)}};
  });
}

template <int access>
__global__ void __launch_bounds__(threads) to_shares(float log_total, MatrixView<float> x, int items) {
  device::for_each_in_blocks(x.rows, [&](std::int64_t r) {
    const auto row = own<access>(x.row(r), x.cols, items);
    float largest = 0;                                      // the logit of all else
    row.for_each([&](std::int64_t, const Fours<1>& item) {  // columns that are not there are 0
#pragma unroll
      for (int k = 0; k < width; ++k) largest = item.of[0][k] > largest ? item.of[0][k] : largest;
    });
    largest = device::block_reduce<threads>(largest, device::Larger{});
    double sum = 0;
    row.for_each([&](std::int64_t v, const Fours<1>& item) {
      const int count = device::columns_at(v, x.cols).count;
#pragma unroll
      for (int k = 0; k < width; ++k) {
        if (k < count) sum += static_cast<double>(math::exp_of_negative(item.of[0][k] - largest));
      }
    });
    sum = device::block_sum<threads>(sum);
    const auto all = static_cast<float>(static_cast<double>(math::exp(-largest)) + sum);
    const float shift = log_total - largest - math::log(all);
    row.for_each([&](std::int64_t v, const Fours<1>& item) {
      device::columns_at(v, x.cols).template store<access>(
          x.row(r), four([&](int k) { return item.of[0][k] + shift; }));
    });
  });
}

template <int access>
__global__ void __launch_bounds__(threads)
    from_shares(float log_total, MatrixView<const float> log_shares, MatrixView<float> grad, int items) {
  device::for_each_in_blocks(grad.rows, [&](std::int64_t r) {
    const auto row = own<access>(grad.row(r), grad.cols, items);
    double sum = 0;
    row.for_each([&](std::int64_t, const Fours<1>& item) {
      sum += static_cast<double>((item.of[0][0] + item.of[0][1]) + (item.of[0][2] + item.of[0][3]));
    });
    const auto all = static_cast<float>(device::block_sum<threads>(sum));
    row.for_each([&](std::int64_t v, const Fours<1>& item) {
      const Columns columns = device::columns_at(v, grad.cols);
      const Four logs = columns.template load<access>(log_shares.row(r));
      columns.template store<access>(
          grad.row(r),
          four([&](int k) { return item.of[0][k] - all * math::exp_of_negative(logs[k] - log_total); }));
    });
  });
}

/// Blocks that take a row each, and how many vectors of it their threads keep.
struct RowBlocks {
  int items;
  device::LaunchShape shape;

  RowBlocks(Context& context, std::int64_t rows, std::int64_t cols)
      : items(device::kept_items<1>((vectors_of(cols) + threads - 1) / threads, threads)),
        shape{.grid = device::blocks_for(rows, 1),
              .block = threads,
              .shared = device::kept_bytes<1>(items, threads),
              .stream = device::stream_of(context)} {}
};

}  // namespace kernels::log_shares

template <class T>
void cuda::log_shares(Context& context, double total, MatrixView<T> x) {
  using namespace kernels::log_shares;
  const RowBlocks blocks(context, x.rows, x.cols);
  device::with_width<width>(device::aligned_rows<width>(x), [&](auto constant) {
    device::launch(to_shares<constant>, blocks.shape, static_cast<float>(std::log(total)), x, blocks.items);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::log_shares);

template <class T>
void cuda::log_shares_backward(Context& context, double total, MatrixView<const T> log_shares,
                               MatrixView<T> grad) {
  using namespace kernels::log_shares;
  const RowBlocks blocks(context, grad.rows, grad.cols);
  const bool aligned = device::aligned_rows<width>(log_shares) && device::aligned_rows<width>(grad);
  device::with_width<width>(aligned, [&](auto constant) {
    device::launch(from_shares<constant>, blocks.shape, static_cast<float>(std::log(total)), log_shares, grad,
                   blocks.items);
  });
}
SPARCELL_INSTANTIATE_CUDA(cuda::log_shares_backward);

}  // namespace sparcell
