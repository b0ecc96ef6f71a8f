// The batch is turned into columns first (which cells have gene g?). Then, for blocks of 64 outputs, 64
// numbers stay in registers while the cells of a gene pass by, and what they touch - 64 outputs of every cell
// - stays in the first-level cache: 2.5 times (forward) and 5 times (gradient) as fast as walking along the
// rows of the batch. Threads take blocks of outputs, so no two write to the same place, and sums run over
// genes (forward) or cells (gradient) in one order.
#include "sparcell/ops/sparse_linear.h"

#include <utility>
#include <vector>

#include "cpu/rows.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

constexpr std::int64_t block_columns = 64;
constexpr int lane_bytes = 32;

/// 64 numbers in registers. Lanes are named by constants: in a loop over an array of them the compiler goes
/// through memory.
template <class T>
struct Block {
  using Lane __attribute__((vector_size(lane_bytes), aligned(alignof(T)), may_alias)) = T;
  using Indices = std::make_index_sequence<block_columns * sizeof(T) / lane_bytes>;
  Lane lane[Indices::size()];

  explicit Block(const T* from) { load(reinterpret_cast<const Lane*>(from), Indices{}); }
  void store(T* to) const { store(reinterpret_cast<Lane*>(to), Indices{}); }
  /// += factor * x
  void add(T factor, const T* x) { add(factor, reinterpret_cast<const Lane*>(x), Indices{}); }
  void add(T factor, const Block& x) { add(factor, x.lane, Indices{}); }

 private:
  template <std::size_t... I>
  void load(const Lane* from, std::index_sequence<I...>) {
    ((lane[I] = from[I]), ...);
  }
  template <std::size_t... I>
  void store(Lane* to, std::index_sequence<I...>) const {
    ((to[I] = lane[I]), ...);
  }
  template <std::size_t... I>
  void add(T factor, const Lane* x, std::index_sequence<I...>) {
    ((lane[I] += factor * x[I]), ...);
  }
};

/// Entries of a batch by gene, cells ascending.
template <class T>
struct BatchColumns {
  std::vector<std::int64_t> offsets;
  std::vector<std::int32_t> cells;
  std::vector<T> values;

  void fill(CsrView<const T> x, const BatchRows& rows) {
    offsets.assign(static_cast<std::size_t>(x.cols) + 1, 0);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const std::int64_t row = cpu::row_of(rows, i);
      for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) ++offsets[x.indices[k] + 1];
    }
    for (std::int64_t g = 0; g < x.cols; ++g) offsets[g + 1] += offsets[g];
    cells.resize(static_cast<std::size_t>(offsets.back()));
    values.resize(cells.size());
    next.assign(offsets.begin(), offsets.end() - 1);
    for (std::int64_t i = 0; i < rows.count; ++i) {
      const std::int64_t row = cpu::row_of(rows, i);
      for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) {
        const std::int64_t to = next[x.indices[k]]++;
        cells[to] = static_cast<std::int32_t>(i);
        values[to] = x.values[k];
      }
    }
  }

 private:
  std::vector<std::int64_t> next;
};

template <class T>
const BatchColumns<T>& columns_of(CsrView<const T> x, const BatchRows& rows) {
  static thread_local BatchColumns<T> columns;  // keeps its memory from step to step
  columns.fill(x, rows);
  return columns;
}

/// Adds one gene's products to `columns` <= 64 outputs of its cells.
template <class T>
void add_gene(const BatchColumns<T>& batch, std::int64_t gene, const T* weight, std::int64_t column,
              std::int64_t columns, MatrixView<T> out) {
  const std::int64_t first = batch.offsets[gene], last = batch.offsets[gene + 1];
  if (columns < block_columns) {
    for (std::int64_t k = first; k < last; ++k) {
      T* to = out.row(batch.cells[k]) + column;
      for (std::int64_t c = 0; c < columns; ++c) to[c] += batch.values[k] * weight[c];
    }
    return;
  }
  const Block<T> w(weight);
  for (std::int64_t k = first; k < last; ++k) {
    T* to = out.row(batch.cells[k]) + column;
    Block<T> sum(to);
    sum.add(batch.values[k], w);
    sum.store(to);
  }
}

/// Adds the gradient of one gene's `columns` <= 64 weights.
template <class T>
void add_gene_gradient(const BatchColumns<T>& batch, std::int64_t gene, MatrixView<const T> grad_out,
                       std::int64_t column, std::int64_t columns, T* grad_weight) {
  const std::int64_t first = batch.offsets[gene], last = batch.offsets[gene + 1];
  if (first == last) return;
  if (columns < block_columns) {
    for (std::int64_t k = first; k < last; ++k) {
      const T* g = grad_out.row(batch.cells[k]) + column;
      for (std::int64_t c = 0; c < columns; ++c) grad_weight[c] += batch.values[k] * g[c];
    }
    return;
  }
  Block<T> sum(grad_weight);
  for (std::int64_t k = first; k < last; ++k) sum.add(batch.values[k], grad_out.row(batch.cells[k]) + column);
  sum.store(grad_weight);
}

/// Calls body(first column, columns) for every block of outputs.
template <class Body>
void for_each_block(Context& context, std::int64_t cols, Body&& body) {
  parallel_for(context.threads(), (cols + block_columns - 1) / block_columns, 1, [&](std::int64_t b) {
    body(b * block_columns, std::min(block_columns, cols - b * block_columns));
  });
}

}  // namespace

template <class T>
void cpu::sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                        MatrixView<T> out) {
  const BatchColumns<T>& batch = columns_of(x, rows);
  for_each_block(context, weight.cols, [&](std::int64_t column, std::int64_t columns) {
    for (std::int64_t i = 0; i < rows.count; ++i) std::fill_n(out.row(i) + column, columns, T(0));
    for (std::int64_t g = 0; g < x.cols; ++g)
      add_gene(batch, g, weight.row(g) + column, column, columns, out);
  });
}
SPARCELL_INSTANTIATE(cpu::sparse_linear);

template <class T>
void cpu::sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                        MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  const BatchColumns<T>& batch = columns_of(x, rows);
  for_each_block(context, grad_weight.cols, [&](std::int64_t column, std::int64_t columns) {
    for (std::int64_t g = 0; g < x.cols; ++g) {
      add_gene_gradient(batch, g, grad_out, column, columns, grad_weight.row(g) + column);
    }
  });
}
SPARCELL_INSTANTIATE(cpu::sparse_linear_weight_gradient);

}  // namespace sparcell
