// Both products walk over blocks of 64 columns: 64 sums (or 64 gradients) stay in registers, and the block's
// part of the weight stays in the second-level cache while the rows of the batch pass by. Threads take column
// blocks (and rows, on the way forward), so that no two write to the same place and sums have one order.
#include "sparcell/ops/sparse_linear.h"

#include <cstring>

#include "cpu/rows.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t block_columns = 64;
constexpr int lane_bytes = 32;

template <class T>
struct Block {
  using Lane __attribute__((vector_size(lane_bytes))) = T;
  static constexpr int lanes = block_columns * sizeof(T) / lane_bytes;
  Lane lane[lanes];

  void load(const T* from) { std::memcpy(lane, from, sizeof lane); }
  void store(T* to) const { std::memcpy(to, lane, sizeof lane); }
};

/// The sums of one row over `columns` <= 64 columns.
template <class T>
void row_times_block(CsrView<const T> x, std::int64_t row, MatrixView<const T> weight, std::int64_t column,
                     std::int64_t columns, T* out) {
  if (columns < block_columns) {
    std::fill(out, out + columns, T(0));
    for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
      const T* w = weight.row(x.indices[k]) + column;
      for (std::int64_t c = 0; c < columns; ++c) out[c] += x.values[k] * w[c];
    }
    return;
  }
  Block<T> sum{};
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
    Block<T> w;
    w.load(weight.row(x.indices[k]) + column);
    for (int i = 0; i < Block<T>::lanes; ++i) sum.lane[i] += x.values[k] * w.lane[i];
  }
  sum.store(out);
}

/// Adds the outer product of one row and `columns` <= 64 of its gradients.
template <class T>
void add_row_gradient(CsrView<const T> x, std::int64_t row, const T* grad, std::int64_t column,
                      std::int64_t columns, MatrixView<T> grad_weight) {
  if (columns < block_columns) {
    for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
      T* w = grad_weight.row(x.indices[k]) + column;
      for (std::int64_t c = 0; c < columns; ++c) w[c] += x.values[k] * grad[c];
    }
    return;
  }
  Block<T> g;
  g.load(grad);
  for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
    T* to = grad_weight.row(x.indices[k]) + column;
    Block<T> w;
    w.load(to);
    for (int i = 0; i < Block<T>::lanes; ++i) w.lane[i] += x.values[k] * g.lane[i];
    w.store(to);
  }
}

}  // namespace

template <class T>
void cpu::sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                        MatrixView<T> out) {
  const std::int64_t blocks = (weight.cols + block_columns - 1) / block_columns;
  parallel_parts(context.threads(), rows.count, 4, [&](std::int64_t first, std::int64_t last, int) {
    for (std::int64_t b = 0; b < blocks; ++b) {
      const std::int64_t column = b * block_columns;
      const std::int64_t columns = std::min(block_columns, weight.cols - column);
      for (std::int64_t i = first; i < last; ++i) {
        row_times_block(x, row_of(rows, i), weight, column, columns, out.row(i) + column);
      }
    }
  });
}
SPARCELL_INSTANTIATE(cpu::sparse_linear);

template <class T>
void cpu::sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                        MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  const std::int64_t blocks = (grad_weight.cols + block_columns - 1) / block_columns;
  parallel_for(context.threads(), blocks, 1, [&](std::int64_t b) {
    const std::int64_t column = b * block_columns;
    const std::int64_t columns = std::min(block_columns, grad_weight.cols - column);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      add_row_gradient(x, row_of(rows, i), grad_out.row(i) + column, column, columns, grad_weight);
    }
  });
}
SPARCELL_INSTANTIATE(cpu::sparse_linear_weight_gradient);

}  // namespace sparcell
