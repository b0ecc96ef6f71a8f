// The batch is turned into columns first; column_products.h has what follows.
#include "sparcell/ops/sparse_linear.h"

#include <utility>
#include <vector>

#include "cpu/column_products.h"
#include "cpu/rows.h"
#include "sparcell/core/parallel.h"

namespace sparcell {
namespace {

using cpu::BatchColumns;

/// Entries of a batch by gene, cells ascending.
template <class T>
class ColumnsOfRows {
 public:
  /// Each thread has a part of the rows, whose entries of a gene follow those of the part before.
  BatchColumns<T> fill(int threads, CsrView<const T> x, const BatchRows& rows) {
    const auto genes = static_cast<std::size_t>(x.cols);
    offsets_.assign(genes + 1, 0);
    next_.resize(static_cast<std::size_t>(threads));
    for (std::vector<std::int64_t>& next : next_) next.clear();
    for_each_entry(threads, x, rows, [&](std::vector<std::int64_t>& next) {
      next.assign(genes, 0);
      return [&](std::int64_t, std::int64_t k) { ++next[x.indices[k]]; };
    });
    std::int64_t entries = 0;
    for (std::size_t g = 0; g < genes; ++g) {
      for (std::vector<std::int64_t>& next : next_) {
        if (!next.empty()) entries += std::exchange(next[g], entries);
      }
      offsets_[g + 1] = entries;
    }
    cells_.resize(static_cast<std::size_t>(entries));
    values_.resize(cells_.size());
    for_each_entry(threads, x, rows, [&](std::vector<std::int64_t>& next) {
      return [&](std::int64_t i, std::int64_t k) {
        const std::int64_t to = next[x.indices[k]]++;
        cells_[to] = static_cast<std::int32_t>(i);
        values_[to] = x.values[k];
      };
    });
    return {rows.count, x.cols, offsets_.data(), offsets_.data() + 1, cells_.data(), values_.data()};
  }

 private:
  /// Calls begin(next) for each thread's part, and what that returns for its entries: of row i in place k.
  template <class Begin>
  void for_each_entry(int threads, const CsrView<const T>& x, const BatchRows& rows, Begin&& begin) {
    constexpr std::int64_t least_rows = 16;
    parallel_parts(threads, rows.count, least_rows, [&](std::int64_t first, std::int64_t last, int part) {
      const auto take = begin(next_[static_cast<std::size_t>(part)]);
      for (std::int64_t i = first; i < last; ++i) {
        const std::int64_t row = cpu::row_of(rows, i);
        for (std::int64_t k = x.offsets[row]; k < x.offsets[row + 1]; ++k) take(i, k);
      }
    });
  }

  std::vector<std::int64_t> offsets_;
  std::vector<std::vector<std::int64_t>> next_;  ///< of the threads: where a gene's next entry goes
  std::vector<std::int32_t> cells_;
  std::vector<T> values_;
};

template <class T>
BatchColumns<T> by_columns(Context& context, CsrView<const T> x, const BatchRows& rows) {
  static thread_local ColumnsOfRows<T> columns;  // keeps its memory from step to step
  return columns.fill(context.threads(), x, rows);
}

}  // namespace

template <class T>
void cpu::sparse_linear(Context& context, CsrView<const T> x, BatchRows rows, MatrixView<const T> weight,
                        MatrixView<T> out) {
  product_with_columns<T>(context, by_columns(context, x, rows), {}, weight, false, out);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear);

template <class T>
void cpu::sparse_linear_weight_gradient(Context& context, CsrView<const T> x, BatchRows rows,
                                        MatrixView<const T> grad_out, MatrixView<T> grad_weight) {
  gradient_with_columns<T>(context, by_columns(context, x, rows), {}, grad_out, grad_weight);
}
SPARCELL_INSTANTIATE(cpu::sparse_linear_weight_gradient);

}  // namespace sparcell
